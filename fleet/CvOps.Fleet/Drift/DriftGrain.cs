using System.Globalization;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Ingest;
using CvOps.Statistics.Causes;
using CvOps.Statistics.Change;

namespace CvOps.Fleet.Drift;

/// <summary>The drift of one camera under the model in charge; the key is <c>device/camera</c>.</summary>
internal interface IDriftGrain : IGrainWithStringKey
{
    /// <summary>Takes a window in and decides. Durable when it returns; telling it twice is harmless.</summary>
    Task Add(DriftWindow window);

    /// <returns>Null when nothing is known of that camera.</returns>
    Task<DriftDetail?> Read();

    /// <summary>What the camera shows from now on is how it shall be: its baseline is learned anew, the alarm ends.</summary>
    /// <returns>Null when nothing is known of that camera.</returns>
    Task<DriftDetail?> Accept(string by, string? reason);
}

/// <summary>All a camera's drift remembers; stored as JSON.</summary>
internal sealed class DriftRecord
{
    public int Form { get; set; } = 1;

    public ModelRef? Model { get; set; }

    /// <summary>The newest windows, oldest first.</summary>
    public List<DriftWindow> Windows { get; set; } = [];

    public byte[] Applied { get; set; } = [];

    public long Frames { get; set; }

    public DriftMemory? Memory { get; set; }

    /// <summary>This camera's own reference under this model; null while it is compared with the package's.</summary>
    public CameraBaseline? Baseline { get; set; }

    /// <summary>It has looked like the package's reference once under this model.</summary>
    public bool Settled { get; set; }

    /// <summary>By covariate, against what the camera is compared with now.</summary>
    public Dictionary<string, ChangeState> Evidence { get; set; } = [];

    /// <summary>Cameras of the fleet when the last window came.</summary>
    public int FleetCameras { get; set; } = 1;

    public List<CovariateDrift> Covariates { get; set; } = [];

    /// <summary>Capture time of the first frame under this model.</summary>
    public DateTimeOffset? ModelSince { get; set; }

    public DriftCause? Cause { get; set; }

    /// <summary>Since when it is no longer quiet; null while it is. The alarm that follows a watch does not start it again.</summary>
    public DateTimeOffset? MovedSince { get; set; }

    public List<DriftTimelinePoint> Timeline { get; set; } = [];
}

internal sealed partial class DriftGrain(
    [PersistentState("drift")] IPersistentState<DriftRecord> state,
    ProfileCache profiles, DriftLimits limits, TimeProvider time, Audit audit, FleetEvents events, IEnumerable<IFleetObserver> observers, ILogger<DriftGrain> logger) : Grain, IDriftGrain
{
    /// <summary>Windows kept at most, however few frames they hold.</summary>
    private const int WindowsKept = 64;

    private const int TimelineKept = 300;

    private readonly ChangeBetsCache _bets = new();

    private DriftRecord Record => state.State;

    private string Key => this.GetPrimaryKeyString();

    public async Task Add(DriftWindow window)
    {
        var applied = DuplicateWindow.Load(Record.Applied);
        if (!applied.TryApply(window.Origin)) return;
        if (Record.Model?.Digest != window.Model.Digest && !TakeModel(window)) return;
        Record.Applied = applied.Save();
        Record.Frames += window.Frames;
        Record.Windows.Add(window);
        if (await profiles.Find(window.Model.Digest) is { } profile) await Decide(profile, window);
        // Listed all the same: that its drift can't be told has to be seen.
        else await GrainFactory.GetGrain<IDriftIndexGrain>(IDriftIndexGrain.Key).Report(new DriftSummary(Key, Record.Memory!.State, false));
        Trim();
        await Write();
    }

    public async Task<DriftDetail?> Read()
    {
        if (Record.Model is not { } model) return null;
        var profile = await profiles.Find(model.Digest);
        var recent = profile is null || Record.Windows.Count == 0 ? null : RecentFrames.Merge(RecentFrames.Newest(Record.Windows, limits.RecentFrames), profile);
        var memory = Record.Memory!;
        var (device, camera) = Split();
        return new DriftDetail(
            new DriftView(device, camera, model, memory.State, Record.Cause?.Name, Explain(profile, memory), [.. Record.Covariates], memory.Since, Record.Frames, Record.Cause?.Route is { Length: > 0 } route ? route : null),
            Reference(profile)?.Histograms ?? new Dictionary<string, ReferenceHistogram>(), recent?.Histograms ?? new Dictionary<string, HistogramCounts>(), [.. Record.Timeline]);
    }

    public async Task<DriftDetail?> Accept(string by, string? reason)
    {
        if (Record.Model is null) return null;
        var now = time.GetUtcNow();
        (Record.Baseline, Record.Windows, Record.Covariates, Record.Memory) = (CameraBaseline.AcceptedFrom(now), [], [], DriftMemory.Fresh(now));
        (Record.Cause, Record.MovedSince, Record.Evidence) = (null, null, []);
        await GrainFactory.GetGrain<IDriftIndexGrain>(IDriftIndexGrain.Key).Report(new DriftSummary(Key, DriftState.Learning, false));
        await audit.RecordAsync(by, "drift.accepted", Key, $"What the camera shows from now on is its baseline. {reason}".TrimEnd(), CancellationToken.None);
        await Write();
        return await Read();
    }

    private bool HasBaseline => Record.Baseline is { } own && own.Frames >= limits.BaselineFrames;

    /// <summary>What the camera is compared with now.</summary>
    private ReferenceProfile? Reference(ReferenceProfile? profile) => profile is not null && HasBaseline ? Record.Baseline!.ToReference(profile) : profile;

    /// <returns>False for a window of an earlier model that the spool delivered late.</returns>
    private bool TakeModel(DriftWindow window)
    {
        if (Record.Windows is [.., var last] && window.To < last.From) return false;
        state.State = new DriftRecord { Model = window.Model, Applied = Record.Applied, Memory = DriftMemory.Fresh(window.From) };
        return true;
    }

    private async Task Decide(ReferenceProfile profile, DriftWindow window)
    {
        var before = Record.Memory!;
        var recent = RecentFrames.Merge(RecentFrames.Newest(Record.Windows, limits.RecentFrames), profile);
        var (answer, own, settled, evidence) = BaselineDecision.Decide(profile, Record.Baseline, Record.Settled, recent, RecentFrames.Merge([window], profile),
            new CameraEvidence(Record.Evidence, _bets), Record.FleetCameras, before, limits);
        answer = StreamDrift.Join(answer, Record.Windows, before, limits);
        (Record.Memory, Record.Covariates, Record.Baseline, Record.Settled) = (answer.Memory, [.. answer.Covariates], own, settled);
        Record.Evidence = new Dictionary<string, ChangeState>(evidence.Covariates);
        Record.ModelSince ??= window.From;
        Record.Timeline.Add(Point(profile, window, answer));
        var brightness = answer.Covariates.Any(c => c is { Covariate: Covariates.Brightness, Moved: true });
        var site = await GrainFactory.GetGrain<IDriftIndexGrain>(IDriftIndexGrain.Key).Report(new DriftSummary(Key, answer.Memory.State, brightness));
        Record.FleetCameras = site.FleetCameras;
        // The cause stays with the alarm while its covariates swing back.
        if (answer.Memory.State is DriftState.Learning or DriftState.Stable) (Record.Cause, Record.MovedSince) = (null, null);
        else Record.Cause = DriftCauseRule.Find(new DriftScene(Key, answer.Covariates, [.. Record.Timeline.Select(p => p.Mean.GetValueOrDefault(Covariates.Brightness, double.NaN))],
            Record.MovedSince ??= answer.Covariates.Where(c => c.Moved).Min(c => c.Since) ?? answer.Memory.Since, site.Cameras, site.Moved, Record.ModelSince)) ?? Record.Cause;
        if (answer.Memory.State == before.State) return;
        Log.DriftMoved(logger, Key, before.State, answer.Memory.State);
        if (answer.Memory.State == DriftState.Alarm)
        {
            // Before this is written: what is told twice counts once, and what was forgotten would not be told again.
            foreach (var observer in observers) await observer.OnDriftAlarm(window, CancellationToken.None);
            await audit.RecordAsync("drift", "drift.alarm", Key, $"{Record.Cause?.Name}: {Record.Cause?.Explanation}", CancellationToken.None);
        }
        else if (before.State == DriftState.Alarm) await audit.RecordAsync("drift", "drift.cleared", Key, "The camera looks like its reference again.", CancellationToken.None);
    }

    /// <summary>PSI over the recent windows, means of this one alone: the first decides, the second shows how it came.</summary>
    private static DriftTimelinePoint Point(ReferenceProfile profile, DriftWindow window, DriftAnswer answer)
    {
        var alone = RecentFrames.Merge([window], profile);
        return new DriftTimelinePoint(window.To, window.Frames, answer.Covariates.ToDictionary(c => c.Covariate, c => c.Psi),
            alone.Histograms.Where(h => h.Value.Counts.Sum() > 0).ToDictionary(h => h.Key, h => h.Value.Sum / h.Value.Counts.Sum()), answer.Memory.State);
    }

    private string Explain(ReferenceProfile? profile, DriftMemory memory) => Record.Cause?.Explanation ?? memory.State switch
    {
        _ when profile is null => $"{Key}: the package of {Record.Model!.Name} {Record.Model.Version} is not in the registry or holds no reference profile, so drift can't be told.",
        DriftState.Learning when Record.Baseline is { } own => $"{Key}: {(own.Accepted ? "accepted as it is" : $"it shows a part of what {Record.Model!.Name} {Record.Model.Version} was made for")}; "
            + $"{own.Frames} of {limits.BaselineFrames} frames of its own baseline are learned.",
        DriftState.Learning => $"{Key}: {Record.Windows.Sum(w => w.Frames)} of {limits.MinFrames} frames seen, too few to tell.",
        _ when HasBaseline => string.Create(CultureInfo.InvariantCulture, $"{Key}: {limits.RecentFrames} recent frames look like the camera's own baseline, {Record.Baseline!.Frames} frames from {Record.Baseline.From:yyyy-MM-dd HH:mm:ss} UTC on."),
        _ => $"{Key}: {limits.RecentFrames} recent frames look like the model's reference.",
    };

    private void Trim()
    {
        Record.Windows = RecentFrames.Newest(Record.Windows, limits.RecentFrames);
        if (Record.Windows.Count > WindowsKept) Record.Windows.RemoveRange(0, Record.Windows.Count - WindowsKept);
        if (Record.Timeline.Count > TimelineKept) Record.Timeline.RemoveRange(0, Record.Timeline.Count - TimelineKept);
    }

    private (DeviceId, CameraId) Split()
    {
        var slash = Key.IndexOf('/', StringComparison.Ordinal);
        return (new DeviceId(Key[..slash]), new CameraId(Key[(slash + 1)..]));
    }

    private async Task Write()
    {
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
        events.Publish("drift", Key);
    }

    private static partial class Log
    {
        [LoggerMessage(3201, LogLevel.Information, "Drift of {Camera}: {From} -> {To}")]
        public static partial void DriftMoved(ILogger logger, string camera, DriftState from, DriftState to);
    }
}
