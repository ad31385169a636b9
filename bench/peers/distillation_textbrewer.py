"""The whole distillation of distillation.py by TextBrewer 0.2.1, tuned: teacher outputs cached (which also fixes its batches), rows of
like length padded to the longest, AdamW(fused=True), one checkpoint at the end, no log.

    python bench/peers/distillation_textbrewer.py JOB.json [--mode float32] [--threads 2] [--plain-malloc]

Its cross entropy has no factor of T squared and no constant of the teacher: the weight of the term makes up for the first, gradients
do not know the second.
"""

import distillation
import modes
from distillation import Clock


def main():
    job, args = distillation.job_of(__doc__)
    clock = Clock()

    import textbrewer
    import torch
    import transformers

    data, teacher, student = distillation.load(job)
    if modes.MODES[args.mode].autocast:
        for model in (teacher, student):
            model.forward = torch.autocast("cpu", torch.bfloat16)(model.forward)
    clock.ends("imports, texts and models")

    rows, labels = data["train"], torch.tensor(data["train"]["labels"])
    generator = torch.Generator().manual_seed(job["seed"])
    loader = torch.utils.data.DataLoader(
        range(len(labels)),
        batch_sampler=distillation.grouped_batches(rows["lengths"], job["batchSize"], generator),
        collate_fn=lambda chosen: {**distillation.batch_of(chosen, rows), "labels": labels[chosen]},
    )
    optimizer, schedule = distillation.optimizer_and_schedule(student, job, len(labels))
    distiller = textbrewer.BasicDistiller(
        train_config=textbrewer.TrainingConfig(
            device="cpu", output_dir=job["output"], log_dir=None, ckpt_epoch_frequency=job["epochs"]
        ),
        distill_config=textbrewer.DistillationConfig(
            temperature=job["temperature"],
            kd_loss_weight=job["alpha"] * job["temperature"] ** 2,
            hard_label_weight=1 - job["alpha"],
            is_caching_logits=True,
        ),
        model_T=teacher,
        model_S=student,
        adaptor_T=lambda _batch, outputs: {"logits": outputs.logits.float()},
        adaptor_S=lambda _batch, outputs: {"logits": outputs.logits.float(), "losses": outputs.loss},
    )
    with distiller:
        distiller.train(
            optimizer,
            loader,
            num_epochs=job["epochs"],
            scheduler_class=transformers.get_linear_schedule_with_warmup,
            scheduler_args=schedule,
            max_grad_norm=job["maxNorm"],
        )
    clock.ends("teacher and training")
    distillation.finish(student, data, job, args, clock, schedule["num_training_steps"])


if __name__ == "__main__":
    main()
