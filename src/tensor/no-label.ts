/** The label of what has none: PyTorch's `ignore_index`, so that data and models from there need no change. */
export const NO_LABEL = -100;
