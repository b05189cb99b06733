"""One file per workload. Each states its least work as a function of size, and each library's way to do it."""

# The order of the report: what answers quickly comes first.
ORDER = (
    "op",
    "network",
    "scalar_graph",
    "chain",
    "elementwise",
    "reductions",
    "matmul",
    "dense",
    "conv",
    "recurrent",
    "transformer",
    "hvp",
    "second_order",
    "optimizer",
    "transfer",
    "fit",
    "fit_process",
    "import_time",
    "compile_time",
    "memory",
)
