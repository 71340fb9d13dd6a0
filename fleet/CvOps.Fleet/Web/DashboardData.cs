using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Datasets.Quality;
using CvOps.Fleet.Datasets.Quality.Similar;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Devices.Liveness;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Drift;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Frames.Annotators;
using CvOps.Fleet.Frames.Queue;
using CvOps.Fleet.Frames.Search;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Models;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Fleet.Tracking;
using CvOps.Fleet.Training;
using CvOps.Fleet.Training.Policy;

namespace CvOps.Fleet.Web;

/// <summary>What the pages show: the same records as the API gives, read in this process, for as long as the request lasts.</summary>
internal sealed class DashboardData(
    IHttpContextAccessor http, Visitor visitor, SiteViews views, FleetGlance glance, TwinStore twins, TwinSelector selector, CommandLog commands, DeviceDirectory devices, FrameStore frames, LabelQueue queue, DatasetStore datasets, ModelRegistry models, DeadLetters letters, InspectionLog inspections, RolloutEmergency emergency,
    DiscordantFrames discordant, ConnectionLog connections, TrainingTable training, RetrainingDesk retraining, RunViews runs, SimilarFrames similar, QualityDesk quality, ReviewDesk review, ClassNames classes, IGrainFactory grains, TimeProvider time)
{
    private const int MostFrames = 200;

    private CancellationToken Gone => http.HttpContext?.RequestAborted ?? CancellationToken.None;

    /// <summary>What needs a person, the fleet in numbers, and its sites; at most a second old. Who may see some sites only, sees those.</summary>
    public async Task<FleetGlance.Glance> Glance()
    {
        if (visitor.Principal?.Sites(Permission.Read) is not { } own) return await glance.ReadAsync(Gone);
        await twins.Loaded.WaitAsync(Gone);
        return new FleetGlance.Glance(await views.OverviewAsync(visitor.Principal, Gone), [.. FleetMap.Of(twins.Survey()).Where(site => own.Contains(site.Name))]);
    }

    public async Task<IReadOnlyList<DeviceView>> Devices() => (await views.DevicesAsync(visitor.Principal, null, null, null, Gone)).Devices ?? [];

    /// <summary>A page of the devices that a selector means, or why there is none.</summary>
    /// <param name="contains">A part of their names.</param>
    public async Task<(IReadOnlyList<DeviceView> Devices, string? Refusal)> Devices(string? select, string? contains, TwinCondition condition, string after, int limit)
    {
        var (chosen, refusal) = await selector.ReadAsync(string.IsNullOrWhiteSpace(select) ? null : select, Gone);
        if (chosen is null) return ([], refusal);
        var own = visitor.Principal?.Sites(Permission.Read);
        if (own is null && string.IsNullOrWhiteSpace(contains)) return ([.. twins.Page(chosen, after, limit, condition)], null);
        return ([.. twins.Page(chosen, after, null, condition).Where(device => (own is null || own.Contains(device.Site.Value)) && device.Id.Value.Contains(contains?.Trim() ?? "", StringComparison.OrdinalIgnoreCase)).Take(limit)], null);
    }

    /// <summary>The newest frame of a camera that the fleet has; null before the first.</summary>
    public async Task<FrameView?> LastFrame(DeviceId device, CameraId camera) =>
        (await queue.PageAsync(FrameQuery.Of(new FrameFilter { Device = device.Value, Camera = camera.Value }, FrameOrder.Newest, null, 1), Gone)).Frames is [var newest, ..] ? newest : null;

    /// <summary>Frames of a camera: the newest, then the oldest of the last 200.</summary>
    public async Task<IReadOnlyList<FrameView>> FramesOf(DeviceId device, CameraId camera, int newest, int oldest)
    {
        var page = (await queue.PageAsync(FrameQuery.Of(new FrameFilter { Device = device.Value, Camera = camera.Value }, FrameOrder.Newest, null, MostFrames), Gone)).Frames;
        return [.. page.Take(newest), .. page.Skip(newest).TakeLast(oldest)];
    }

    /// <summary>What a device was told, the newest first.</summary>
    public Task<CommandView[]> Commands(DeviceId id) => commands.OfAsync(id, Gone);

    public Task<DeviceView?> Device(DeviceId id) => devices.FindAsync(id, Gone);

    /// <summary>When a device came and went, newest first.</summary>
    public Task<ConnectionEvent[]> Connections(DeviceId id) => connections.ReadAsync(id, Gone);

    /// <summary>What a device's cameras counted in their zones and over their lines lately.</summary>
    public Task<ZoneSummary> Zones(DeviceId id) => inspections.ZonesAsync(id, Gone);

    public Task<DeadLetterPage> DeadLetters(string? device, string? reason, long? before, int limit) =>
        letters.PageAsync(Identifier.IsValid(device) ? device : null, reason, before, limit, Gone);

    public Task<long> DeadLetterCount() => letters.CountAsync(Gone);

    public async Task<IReadOnlyList<RolloutView>> Rollouts() => await views.RolloutsAsync(visitor.Principal, Gone);

    public Task<EmergencyStop> EmergencyStop() => emergency.ReadAsync();

    public async Task<RolloutView?> Rollout(string id) => Identifier.IsValid(id) ? await grains.GetGrain<IRolloutGrain>(id).Read(withDevices: true) : null;

    /// <summary>When models are trained anew, and what each training of that kind cost and brought.</summary>
    public async Task<(IReadOnlyList<RetrainingView> Policies, IReadOnlyList<RetrainingEntry> Ledger)> Retraining() => (await retraining.PoliciesAsync(Gone), await retraining.LedgerAsync(Gone));

    /// <summary>What a person should judge for a rollout.</summary>
    public Task<DiscordantPage> Discordant(RolloutView rollout, int limit) => discordant.PageAsync(rollout, limit, Gone);

    /// <summary>The classes of a rollout's model.</summary>
    public async Task<IReadOnlyList<string>> Classes(RolloutView rollout) => (await models.FindAsync(rollout.Model.Digest, Gone))?.Classes ?? [];

    public async Task<IReadOnlyList<DriftView>> Drift() => await views.DriftAsync(visitor.Principal, Gone);

    public Task<DriftDetail?> Drift(DeviceId device, CameraId camera) => grains.GetGrain<IDriftGrain>($"{device}/{camera}").Read();

    public Task<FramePage> LabelQueue(int limit) => views.FramesAsync(visitor.Principal, FrameQuery.Waiting(limit), Gone);

    /// <summary>The frame that a person should label next; null when none waits.</summary>
    /// <param name="annotator">Frames that this person judged are left out; null for nobody.</param>
    public async Task<FrameView?> NextToLabel(string? annotator) => (await views.FramesAsync(visitor.Principal, FrameQuery.Waiting(1) with { For = annotator }, Gone)).Frames is [var first, ..] ? first : null;

    /// <summary>Frames that fit what an address asks for, or every mistake in it.</summary>
    public async Task<(FramePage Page, IReadOnlyList<string> Mistakes)> Frames(IReadOnlyCollection<KeyValuePair<string, string?>> query, int limit)
    {
        var (filter, order, mistakes) = FrameQueryText.Read(query, time.GetUtcNow());
        if (mistakes.Count > 0) return (new FramePage([], 0, 0, null), mistakes);
        try
        {
            return (await views.FramesAsync(visitor.Principal, FrameQuery.Of(filter, order, query.FirstOrDefault(pair => pair.Key == "after").Value, limit), Gone), []);
        }
        catch (FormatException e)
        {
            return (new FramePage([], 0, 0, null), [e.Message]);
        }
    }

    /// <summary>Nulls when there is no such frame.</summary>
    public async Task<(FrameView? Frame, FrameLabels? Labels)> Frame(string id) => (await frames.FindAsync(id, Gone), await review.LabelsAsync(id, Gone));

    public Task<LabelDisputePage> Disputes(int limit, string? after = null) => review.DisputesAsync(after, limit, Gone);

    public async Task<(LabelAgreement Agreement, LabelPolicy Policy)> Agreement() => (await review.AgreementAsync(null, Gone), await review.PolicyAsync(Gone));

    /// <summary>What the last check found, of a snapshot or of all frames; null before the first.</summary>
    public Task<QualityReport?> Quality(string? dataset) => quality.ReportAsync(dataset, Gone);

    public Task<FindingPage> Findings(string? dataset, QualityKind? kind, bool accepted, int after, int limit) => quality.PageAsync(dataset, kind, accepted, after, limit, Gone);

    /// <summary>Those that there are, by id.</summary>
    public Task<IReadOnlyDictionary<string, FrameView>> Frames(IEnumerable<string> ids) => frames.FindAllAsync(ids, Gone);

    /// <summary>Null when there is no such frame.</summary>
    public Task<SimilarFramesView?> SimilarFrames(string id, int limit) => similar.LikeAsync(id, limit, Gone);

    /// <inheritdoc cref="ClassNames.OfAsync"/>
    public Task<IReadOnlyList<string>> Classes(IReadOnlyList<FrameView> shown) => classes.OfAsync(shown, Gone);

    public async Task<IReadOnlyList<TrainingRunView>> TrainingRuns() => await training.ListAsync(null, null, 100, Gone);

    public async Task<IReadOnlyList<DatasetView>> Datasets() => await datasets.ListAsync(Gone);

    /// <summary>What was tried, whoever logged it.</summary>
    public Task<TrackedRunPage> Runs(string? filter, string? order, string? after, int limit) => runs.PageAsync(null, filter, order, after, limit, Gone);

    public Task<TrackedRunDetail?> Run(string id) => runs.FindAsync(id, Gone);

    public Task<RunComparison> Compare(IReadOnlyList<string> ids) => runs.CompareAsync(ids, Gone);
}
