using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;

namespace CvOps.Fleet.Training;

/// <summary>A step of a run: what happened, in a sentence, and what came with it.</summary>
internal sealed record TrainingStep(TrainingEvent Happened, string Reason, string? Model = null, GateResult? Gate = null);

/// <summary>One training run; the key is its id. It remembers, <see cref="TrainingLoop"/> works.</summary>
internal interface ITrainingGrain : IGrainWithStringKey
{
    Task<TrainingRunView> Create(TrainingRequest request);

    /// <returns>Null when there is no such run.</returns>
    Task<TrainingRunView?> Read();

    /// <summary>Takes the run along <see cref="TrainingMachine"/>; durable when it returns.</summary>
    Task<TrainingRunView> Apply(TrainingStep step);

    /// <summary>What the trainer said in between. Kept in memory and written with the next step: a crash trains again anyway.</summary>
    Task Heard(TrainerLine line);
}

internal sealed class TrainingRunState
{
    public int Format { get; set; } = 1;

    public TrainingRunView? View { get; set; }
}

internal sealed class TrainingGrain([PersistentState("training")] IPersistentState<TrainingRunState> state, Audit audit, FleetEvents events, TimeProvider time) : Grain, ITrainingGrain
{
    /// <summary>Points of a curve; beyond, every second one is dropped.</summary>
    private const int CurvePoints = 400;

    public async Task<TrainingRunView> Create(TrainingRequest request)
    {
        if (state.State.View is { } known) return known;
        await Write(new TrainingRunView
        {
            Id = this.GetPrimaryKeyString(), Request = request, State = TrainingState.Queued, Reason = "Waits for its turn.", CreatedAt = time.GetUtcNow(),
            Curve = [], Metrics = new Dictionary<string, double>(),
        });
        await audit.RecordAsync(request.By, "training.queued", this.GetPrimaryKeyString(), $"version {request.Version} from dataset {request.Dataset} and parent {request.Parent}", CancellationToken.None);
        return state.State.View!;
    }

    public Task<TrainingRunView?> Read() => Task.FromResult(state.State.View);

    public async Task<TrainingRunView> Apply(TrainingStep step)
    {
        var view = state.State.View ?? throw new InvalidOperationException($"There is no training run {this.GetPrimaryKeyString()}.");
        var next = TrainingMachine.Next(view.State, step.Happened);
        view = view with
        {
            State = next, Reason = step.Reason, Model = step.Model ?? view.Model, Gate = step.Gate ?? view.Gate,
            FinishedAt = TrainingMachine.IsEnded(next) ? time.GetUtcNow() : null,
        };
        if (step.Happened == TrainingEvent.FleetRestarted) view = view with { Curve = [], Metrics = new Dictionary<string, double>() };
        await Write(view);
        if (TrainingMachine.IsEnded(next)) await audit.RecordAsync(view.Request.By, $"training.{next.ToString().ToLowerInvariant()}", view.Id, step.Reason, CancellationToken.None);
        return view;
    }

    public Task Heard(TrainerLine line)
    {
        if (state.State.View is not { State: TrainingState.Running } view) return Task.CompletedTask;
        if (line is { Step: { } at, Loss: { } loss })
        {
            List<TrainingPoint> curve = [.. view.Curve, new TrainingPoint(at, loss)];
            if (curve.Count > CurvePoints) curve = [.. curve.Where((_, index) => index % 2 == 0)];
            view = view with { Curve = curve };
        }
        if (line.Metrics is { } metrics) view = view with { Metrics = view.Metrics.Concat(metrics).GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Last().Value) };
        state.State.View = view;
        events.Publish("training", view.Id);
        return Task.CompletedTask;
    }

    private async Task Write(TrainingRunView view)
    {
        try
        {
            state.State.View = view;
            await state.WriteStateAsync();
        }
        catch
        {
            // Memory is ahead of the disk now: forget it.
            DeactivateOnIdle();
            throw;
        }
        events.Publish("training", view.Id);
    }
}
