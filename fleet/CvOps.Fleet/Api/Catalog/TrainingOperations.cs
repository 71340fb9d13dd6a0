using CvOps.Contracts.Api;

namespace CvOps.Fleet.Api.Catalog;

internal static class TrainingOperations
{
    private static readonly Feature Training = new("Training");

    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Training.List<TrainingRunView>("/training", "listTraining", "Training runs, newest first.", run => run.Id) with { OwnPages = true },
        Training.Post<TrainingRequest, TrainingRunView>("/training", "startTraining", "Trains a model on a snapshot, and puts it to the gate.") with { Status = 201, Refusals = [409] },
        Training.Get<string[]>("/training/trainers", "listTrainers", "The names of the trainers there are."),
        Training.Get<TrainingRunView>("/training/{id}", "getTraining", "One run: state, curve and gate."),
        Training.Page<TrainingMetricPage>("/training/{id}/metrics", "listTrainingMetrics", "What a run measured, by name and step.", page => page.Next),
        Training.Get("/training/{id}/log", "getTrainingLog", "What the trainer said.", "text/plain"),
        Training.Post<TrainingCancellation, TrainingRunView>("/training/{id}/cancel", "cancelTraining", "Cancels a run.") with { Refusals = [409] },
        Training.List<RetrainingEntry>("/retraining", "listRetraining", "The ledger of trainings that began by themselves, newest first.", entry => entry.Id),
        Training.List<RetrainingView>("/retraining/policies", "listRetrainingPolicies", "When which model is trained anew.", view => view.Policy.Model),
        Training.Get<RetrainingView>("/retraining/policies/{model}", "getRetrainingPolicy", "When one model is trained anew, and what speaks for it by now.") with { Tagged = true, TagBy = view => ((RetrainingView)view).Policy },
        Training.Put<RetrainingPolicy, RetrainingView>("/retraining/policies/{model}", "setRetrainingPolicy", "Says when a model is trained anew.") with { Guards = "/retraining/policies/{model}" },
        Training.Delete("/retraining/policies/{model}", "removeRetrainingPolicy", "Has a model trained by people alone.") with { Guards = "/retraining/policies/{model}" },
        Training.Post<RetrainingRequest, RetrainingView>("/retraining/policies/{model}/start", "startRetraining", "A person's trigger."),
        Training.Page<TrackedRunPage>("/runs", "listRuns", "Everything that was tried, by filters as MLflow has them.", page => page.Next) with { Refusals = [422] },
        Training.Get<TrackedRunDetail>("/runs/{id}", "getRun", "One run: parameters, metrics and files."),
        Training.Get<RunComparison>("/runs/compare", "compareRuns", "One to eight runs side by side.") with { Refusals = [404, 422] },
    ];
}
