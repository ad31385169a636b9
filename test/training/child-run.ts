/** @file A training run in a process of its own, to be killed. */

/**
 * Source for `runModule`; its first argument is the output folder. State is saved as often as it can be, so that kills
 * fall into all parts of a save. It says `done`.
 */
export const CHILD_RUN = `
  const { runTraining } = await import('DIST/training/run/run.js');
  const { mlp } = await import('DIST/models/mlp.js');
  const { supervised } = await import('DIST/methods/supervised.js');
  const { adam } = await import('DIST/optim/adam.js');
  const { openInGraphStep } = await import('DIST/training/step/in-graph-step.js');
  const SIZE = 70;
  const data = (name, salt) => ({
    name, size: SIZE, labelNames: ['a', 'b', 'c'],
    batch: (rows, paddedTo = rows.length) => {
      const padded = Array.from({ length: paddedTo }, (_, i) => rows[i % rows.length]);
      const pixels = Uint8Array.from({ length: paddedTo * 8 }, (_, i) => {
        const row = padded[Math.floor(i / 8)];
        return (row % 3 === i % 3 ? 160 : 60) + ((row * 37 + i * 11 + salt) % 60);
      });
      return {
        inputs: { pixels: { dtype: 'uint8', shape: [paddedTo, 8], data: pixels } },
        ids: padded,
        weights: Float32Array.from({ length: paddedTo }, (_, i) => (i < rows.length ? 1 : 0)),
        labels: { dtype: 'int64', shape: [paddedTo], data: BigInt64Array.from(padded, (row) => BigInt(row % 3)) },
      };
    },
  });
  await runTraining({
    model: mlp({ inputs: 8, hidden: [4], classes: 3 }),
    method: supervised(),
    data: { train: data('train', 0), evaluation: data('held out', 5) },
    optimizer: adam({ learningRate: 0.002 }),
    epochs: 12, batchSize: 8, seed: 11, threads: 1,
    outputDir: process.argv[2] ?? process.argv[1], resume: true, saveTopK: 2,
    stateSeconds: 0,
    openStep: async (options) => ({ ...(await openInGraphStep(options)), stepsPerRun: 3 }),
  });
  console.log('done');
`;
