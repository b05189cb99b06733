"""Keras's layers that are here under the same names, as expressions that both libraries evaluate; read by the tests."""

from __future__ import annotations

# name: (layer, shape of its input)
LAYERS: dict[str, tuple[str, tuple[int, ...]]] = {
    "conv1d": ("Conv1D(3, 3, activation='tanh')", (2, 7, 2)),
    "conv1d/causal": ("Conv1D(3, 3, padding='causal', dilation_rate=2)", (2, 7, 2)),
    "conv1d/same": ("Conv1D(2, 4, strides=3, padding='same')", (2, 8, 3)),
    "conv2d": ("Conv2D(3, (2, 3), activation='softmax')", (2, 5, 6, 2)),
    "conv2d/same": ("Conv2D(2, 3, strides=2, padding='same', use_bias=False)", (2, 6, 5, 2)),
    "conv2d/even": ("Conv2D(2, (4, 2), strides=(1, 2), padding='same')", (1, 5, 6, 2)),
    "conv2d/dilated": ("Conv2D(2, 2, dilation_rate=2, padding='same')", (1, 5, 5, 2)),
    "conv2d/groups": ("Conv2D(4, 2, groups=2)", (2, 4, 4, 2)),
    "conv3d": ("Conv3D(2, 2, strides=(1, 2, 1))", (1, 3, 4, 3, 2)),
    "conv1d_transpose": ("Conv1DTranspose(2, 3, strides=2)", (2, 4, 3)),
    "conv1d_transpose/gap": ("Conv1DTranspose(2, 2, strides=3)", (2, 4, 3)),
    "conv1d_transpose/same": ("Conv1DTranspose(2, 2, strides=3, padding='same')", (2, 4, 3)),
    "conv2d_transpose": ("Conv2DTranspose(2, (3, 2), strides=2, activation='tanh')", (1, 3, 4, 3)),
    "conv2d_transpose/same": ("Conv2DTranspose(2, 4, strides=(2, 1), padding='same')", (1, 3, 4, 3)),
    "conv2d_transpose/odd": ("Conv2DTranspose(2, 3, strides=2, padding='same')", (1, 3, 4, 2)),
    "conv3d_transpose": ("Conv3DTranspose(2, 2, strides=2, padding='same')", (1, 2, 2, 3, 2)),
    "max_pooling1d": ("MaxPooling1D(3, strides=2, padding='same')", (2, 6, 2)),
    "max_pooling2d": ("MaxPooling2D()", (2, 5, 6, 2)),
    "max_pooling2d/same": ("MaxPooling2D((2, 3), strides=2, padding='same')", (2, 5, 6, 2)),
    "max_pooling3d": ("MaxPooling3D(2, padding='same')", (1, 3, 4, 3, 2)),
    "average_pooling1d": ("AveragePooling1D(2, strides=1, padding='same')", (2, 6, 2)),
    "average_pooling2d": ("AveragePooling2D((2, 3))", (2, 5, 6, 2)),
    "average_pooling2d/same": ("AveragePooling2D(3, strides=2, padding='same')", (2, 5, 6, 2)),
    "average_pooling3d": ("AveragePooling3D(2, padding='same')", (1, 3, 4, 3, 2)),
    "global_max_pooling1d": ("GlobalMaxPooling1D()", (2, 5, 3)),
    "global_max_pooling2d": ("GlobalMaxPooling2D(keepdims=True)", (2, 3, 4, 3)),
    "global_max_pooling3d": ("GlobalMaxPooling3D()", (2, 2, 3, 2, 3)),
    "global_average_pooling1d": ("GlobalAveragePooling1D(keepdims=True)", (2, 5, 3)),
    "global_average_pooling2d": ("GlobalAveragePooling2D()", (2, 3, 4, 3)),
    "global_average_pooling3d": ("GlobalAveragePooling3D()", (2, 2, 3, 2, 3)),
}

# name: regulariser of a matrix (3, 4)
PENALTIES: dict[str, str] = {
    "l1": "L1(0.25)",
    "l2": "L2(0.5)",
    "l1_l2": "L1L2(l1=0.25, l2=0.5)",
    "orthogonal/rows": "OrthogonalRegularizer(0.5)",
    "orthogonal/columns": "OrthogonalRegularizer(0.25, mode='columns')",
    "by_name/l1": "get('l1')",
    "by_name/l2": "get('l2')",
}

# name: constraint of a matrix (3, 4), some of whose columns are longer than 1
CONSTRAINTS: dict[str, str] = {
    "max_norm": "MaxNorm(1.0)",
    "max_norm/axis": "MaxNorm(max_value=0.75, axis=1)",
    "non_neg": "NonNeg()",
    "unit_norm": "UnitNorm()",
    "unit_norm/axes": "UnitNorm(axis=[0, 1])",
    "min_max_norm": "MinMaxNorm(0.75, 1.25, rate=0.5)",
    "by_name/max_norm": "get('max_norm')",
    "by_name/non_neg": "get('NonNeg')",
}

# name: layers of a model that is trained, input (12, 3) or (12, 6, 6, 1), two outputs, mean squared error
FITS: dict[str, list[str]] = {
    "l2": ["Dense(4, activation='tanh', kernel_regularizer='l2')", "Dense(2, bias_regularizer='l1')"],
    "l1_l2": ["Dense(4, kernel_regularizer=L1L2(0.01, 0.02), activation='tanh')", "Dense(2)"],
    "activity": ["Dense(4, activation='tanh', activity_regularizer='l2')", "Dense(2, activity_regularizer='l1')"],
    "activity_layer": ["Dense(4)", "ActivityRegularization(l1=0.125, l2=0.25)", "Dense(2)"],
    "max_norm": ["Dense(4, activation='tanh', kernel_constraint='max_norm', bias_constraint='non_neg')", "Dense(2)"],
    "unit_norm": ["Dense(4, kernel_constraint='unit_norm', kernel_regularizer='l2')", "Dense(2)"],
    "conv": [
        "Conv2D(3, 3, padding='same', activation='tanh', kernel_regularizer='l2', kernel_constraint='unit_norm')",
        "MaxPooling2D(2)",
        "Conv2D(2, 2, strides=2, padding='same', activity_regularizer='l2')",
        "Flatten()",
        "Dense(2)",
    ],
    "conv_transpose": [
        "Conv2D(2, 3, strides=2, padding='same')",
        "Conv2DTranspose(2, 3, strides=2, padding='same', kernel_constraint='non_neg', activation='tanh')",
        "AveragePooling2D(3, padding='same')",
        "GlobalAveragePooling2D()",
    ],
}
