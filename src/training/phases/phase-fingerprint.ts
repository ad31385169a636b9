/** @file What decides the numbers of a run of several phases: what it was given for all of them. */
import { comparable, type Fingerprint, fingerprint } from '../../files/fingerprint.js';
import { describeData, describedRun, describeTraining, describeWeights } from '../run/described-run.js';
import {
  type Assistant,
  givenTeacher,
  type PhasedRunOptions,
  type StartingWeights,
  weightsFor,
} from './phase-options.js';

/** Of what is compared when such a run is resumed once it has ended; before that each phase compares what it was given. */
export async function phasedFingerprint(options: PhasedRunOptions): Promise<Fingerprint> {
  const { model, weights, teacher, data, perturbation, assistants, seed } = options;
  const { train, evaluation, transfer, validation } = data;
  return fingerprint(options, {
    data: undefined,
    trainData: describeData(train),
    evaluationData: evaluation && describeData(evaluation),
    transferData: transfer && describeData(transfer),
    validationData: validation && describeData(validation),
    ...describedRun(options, model),
    initialWeights: await startOf({ weights }, seed),
    peerWeights: undefined,
    teacher: teacher && (await givenTeacher(options, train))?.contentHash,
    perturbation: perturbation && { name: perturbation.name, options: perturbation.options },
    assistants: assistants && (await Promise.all(assistants.map((each) => describedAssistant(each, seed)))),
  });
}

async function describedAssistant(assistant: Assistant, seed: number): Promise<Fingerprint> {
  const { model, weights, training } = assistant;
  return comparable(assistant, {
    model: { kind: model.kind, config: model.config },
    weights: await startOf({ weights }, seed),
    training: training && describeTraining(model, training),
    // What they read and teach shows in the phases.
    reads: undefined,
    asTeacher: undefined,
  });
}

/** Drawn from the seed where none are given. */
async function startOf(learner: { readonly weights: StartingWeights | undefined }, seed: number) {
  const { weights } = learner;
  const given = weights && (await weightsFor({ weights }, seed));
  return given && describeWeights(given);
}
