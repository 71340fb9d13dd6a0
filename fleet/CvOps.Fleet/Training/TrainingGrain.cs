using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;

namespace CvOps.Fleet.Training;

/// <summary>A step of a run: what happened, in a sentence, and what came with it.</summary>
/// <param name="Fresh">Of a start: from the beginning, so what was measured before counts no more.</param>
internal sealed record TrainingStep(TrainingEvent Happened, string Reason, string? Model = null, GateResult? Gate = null, string? By = null, bool Fresh = false);

/// <summary>One training run; the key is its id. It remembers, <see cref="TrainingLoop"/> works.</summary>
internal interface ITrainingGrain : IGrainWithStringKey
{
    /// <param name="search">Id of the search that this run is a trial of.</param>
    Task<TrainingRunView> Create(TrainingRequest request, string? search);

    /// <returns>Null when there is no such run.</returns>
    Task<TrainingRunView?> Read();

    /// <summary>Takes the run along <see cref="TrainingMachine"/>; durable when it returns.</summary>
    Task<TrainingRunView> Apply(TrainingStep step);

    /// <summary>As <see cref="Apply"/>, and nothing where the run has gone elsewhere meanwhile: a person cancelled it.</summary>
    /// <returns>Null when nothing was done.</returns>
    Task<TrainingRunView?> ApplyIf(TrainingState state, TrainingStep step);

    /// <summary>What the trainer said in between. Written every few seconds and with the next step.</summary>
    Task Heard(List<TrainerLine> lines);

    /// <summary>How the search stands that this run is.</summary>
    Task Searched(List<TrainingTrial> trials);

    /// <summary>Digest of the run's log.</summary>
    Task Logged(string digest);
}

internal sealed class TrainingRunState
{
    public int Format { get; set; } = 1;

    public TrainingRunView? View { get; set; }
}

internal sealed class TrainingGrain([PersistentState("training")] IPersistentState<TrainingRunState> state, TrainingTable table, Audit audit, FleetEvents events, TimeProvider time)
    : Grain, ITrainingGrain
{
    /// <summary>Points of a curve; beyond, every second one is dropped.</summary>
    private const int CurvePoints = 400;

    private static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(3);
    private DateTimeOffset _written;

    public async Task<TrainingRunView> Create(TrainingRequest request, string? search)
    {
        if (state.State.View is { } known) return known;
        await Write(new TrainingRunView
        {
            Id = this.GetPrimaryKeyString(), Request = request, State = TrainingState.Queued, Reason = "Waits for its turn.", CreatedAt = time.GetUtcNow(),
            Curve = [], Metrics = new Dictionary<string, double>(), Search = search,
        });
        if (search is null)
            await audit.RecordAsync(request.By, "training.queued", this.GetPrimaryKeyString(), $"version {request.Version} by {request.Trainer} from dataset {request.Dataset} and parent {request.Parent}", CancellationToken.None);
        return state.State.View!;
    }

    public Task<TrainingRunView?> Read() => Task.FromResult(state.State.View);

    public async Task<TrainingRunView> Apply(TrainingStep step)
    {
        var view = Known();
        var next = TrainingMachine.Next(view.State, step.Happened);
        var now = time.GetUtcNow();
        if (view.State == TrainingState.Running && view.StartedAt is { } started)
            // After a crash nobody knows when the trainer ended; it was alive when it was last heard.
            view = view with { Spent = view.Spent + ((step.Happened == TrainingEvent.FleetRestarted ? view.HeardAt ?? started : now) - started) };
        if (step.Fresh) view = view with { Curve = [], Metrics = new Dictionary<string, double>() };
        if (step.Happened == TrainingEvent.Started) view = view with { StartedAt = now, HeardAt = now, Attempts = view.Attempts + 1, Environment = RunEnvironment.OfFleet() };
        view = view with
        {
            State = next, Reason = step.Reason, Model = step.Model ?? view.Model, Gate = step.Gate ?? view.Gate, FinishedAt = TrainingMachine.IsEnded(next) ? now : null,
        };
        await Write(view);
        if (TrainingMachine.IsEnded(next) && view.Search is null)
            await audit.RecordAsync(step.By ?? view.Request.By, $"training.{next.ToString().ToLowerInvariant()}", view.Id, step.Reason, CancellationToken.None);
        return view;
    }

    public async Task<TrainingRunView?> ApplyIf(TrainingState expected, TrainingStep step) => Known().State == expected ? await Apply(step) : null;

    public async Task Heard(List<TrainerLine> lines)
    {
        if (state.State.View is not { State: TrainingState.Running } view) return;
        var curve = view.Curve.ToList();
        var metrics = new Dictionary<string, double>(view.Metrics);
        var environment = new Dictionary<string, string>(view.Environment ?? new Dictionary<string, string>());
        foreach (var line in lines)
        {
            if (line is { Step: { } at, Loss: { } loss })
            {
                // An attempt that goes on from a checkpoint repeats a few steps.
                curve.RemoveAll(point => point.Step >= at);
                curve.Add(new TrainingPoint(at, loss));
            }
            foreach (var (name, value) in line.Metrics ?? new Dictionary<string, double>()) metrics[name] = value;
            foreach (var (name, value) in line.Environment ?? new Dictionary<string, string>()) environment[name] = value;
        }
        while (curve.Count > CurvePoints) curve = [.. curve.Where((_, index) => index % 2 == 0)];
        view = view with { Curve = curve, Metrics = metrics, Environment = environment, HeardAt = time.GetUtcNow() };
        if (time.GetUtcNow() - _written >= WriteEvery) await Write(view);
        else
        {
            state.State.View = view;
            events.Publish("training", view.Id);
        }
    }

    public Task Searched(List<TrainingTrial> trials) => Write(Known() with { Trials = trials });

    public Task Logged(string digest) => Write(Known() with { Log = digest });

    private TrainingRunView Known() => state.State.View ?? throw new InvalidOperationException($"There is no training run {this.GetPrimaryKeyString()}.");

    private async Task Write(TrainingRunView view)
    {
        try
        {
            state.State.View = view;
            await state.WriteStateAsync();
            await table.PutAsync(view, CancellationToken.None);
        }
        catch
        {
            // Memory is ahead of the disk now: forget it.
            DeactivateOnIdle();
            throw;
        }
        _written = time.GetUtcNow();
        events.Publish("training", view.Id);
    }
}
