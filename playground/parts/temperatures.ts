/** @file Where a slider of temperatures can stand: evenly by feeling, which goes by ratios. */
export const TEMPERATURES = [1, 1.5, 2, 3, 4, 6, 8, 10, 15, 20, 30, 50];
