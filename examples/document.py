"""The reference document's program, section 5.2: only its imports, and the names they give, are changed.

Run it with ``python examples/document.py``.
"""

import numpy as np

import nn

# 设置随机种子，保证实验可复现
np.random.seed(0)
nn.set_random_seed(0)

# 数据集准备
x = np.random.rand(100, 1)  # 100个样本，每个样本一个特征
y = np.random.randint(0, 2, 100)  # 100个样本标签，0或1

# 构建模型
model = nn.Sequential([
    nn.layers.Dense(10, activation='relu', input_shape=(1,)),
    nn.layers.Dense(1, activation='sigmoid')
])  # fmt: skip

# 编译模型
model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])  # fmt: skip

# 训练模型
model.fit(x, y, epochs=100, batch_size=10)

# 评估模型
loss, accuracy = model.evaluate(x, y)
print(f"Loss: {loss}, Accuracy: {accuracy}")
