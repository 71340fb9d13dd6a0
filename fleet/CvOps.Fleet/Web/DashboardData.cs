using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Datasets.Quality.Similar;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Devices.Liveness;
using CvOps.Fleet.Drift;
using CvOps.Fleet.Frames.Queue;
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
    IHttpContextAccessor http, OverviewReader overview, DeviceDirectory devices, LabelQueue queue, DatasetStore datasets, ModelRegistry models, DeadLetters letters, InspectionLog inspections, RolloutEmergency emergency,
    DiscordantFrames discordant, ConnectionLog connections, TrainingTable training, RetrainingDesk retraining, RunViews runs, SimilarFrames similar, IGrainFactory grains)
{
    private CancellationToken Gone => http.HttpContext?.RequestAborted ?? CancellationToken.None;

    public Task<FleetOverview> Overview() => overview.ReadAsync(Gone);

    public async Task<IReadOnlyList<DeviceView>> Devices() => await devices.ListAsync(Gone);

    public Task<DeviceView?> Device(DeviceId id) => devices.FindAsync(id, Gone);

    /// <summary>When a device came and went, newest first.</summary>
    public Task<ConnectionEvent[]> Connections(DeviceId id) => connections.ReadAsync(id, Gone);

    /// <summary>What a device's cameras counted in their zones and over their lines lately.</summary>
    public Task<ZoneSummary> Zones(DeviceId id) => inspections.ZonesAsync(id, Gone);

    public Task<DeadLetterPage> DeadLetters(string? device, string? reason, long? before, int limit) =>
        letters.PageAsync(Identifier.IsValid(device) ? device : null, reason, before, limit, Gone);

    public Task<long> DeadLetterCount() => letters.CountAsync(Gone);

    public async Task<IReadOnlyList<RolloutView>> Rollouts() => await RolloutEndpoints.ReadAll(grains);

    public Task<EmergencyStop> EmergencyStop() => emergency.ReadAsync();

    public async Task<RolloutView?> Rollout(string id) => Identifier.IsValid(id) ? await grains.GetGrain<IRolloutGrain>(id).Read(withDevices: true) : null;

    /// <summary>When models are trained anew, and what each training of that kind cost and brought.</summary>
    public async Task<(IReadOnlyList<RetrainingView> Policies, IReadOnlyList<RetrainingEntry> Ledger)> Retraining() => (await retraining.PoliciesAsync(Gone), await retraining.LedgerAsync(Gone));

    /// <summary>What a person should judge for a rollout.</summary>
    public Task<DiscordantPage> Discordant(RolloutView rollout, int limit) => discordant.PageAsync(rollout, limit, Gone);

    /// <summary>The classes of a rollout's model.</summary>
    public async Task<IReadOnlyList<string>> Classes(RolloutView rollout) => (await models.FindAsync(rollout.Model.Digest, Gone))?.Classes ?? [];

    public async Task<IReadOnlyList<DriftView>> Drift() => await DriftEndpoints.ReadAll(grains);

    public Task<DriftDetail?> Drift(DeviceId device, CameraId camera) => grains.GetGrain<IDriftGrain>($"{device}/{camera}").Read();

    public Task<FramePage> LabelQueue(int limit) => queue.PageAsync(FrameQuery.Waiting(limit), Gone);

    /// <summary>Null when there is no such frame.</summary>
    public Task<SimilarFramesView?> SimilarFrames(string id, int limit) => similar.LikeAsync(id, limit, Gone);

    /// <summary>The classes a person may choose: those of the models that saw the frames, in the models' order.</summary>
    public async Task<IReadOnlyList<string>> Classes(IReadOnlyList<FrameView> frames)
    {
        var classes = new List<string>();
        foreach (var digest in frames.Select(frame => frame.Model?.Digest).OfType<string>().Distinct())
            if (await models.FindAsync(digest, Gone) is { } model) classes.AddRange(model.Classes.Except(classes));
        return classes;
    }

    public async Task<IReadOnlyList<TrainingRunView>> TrainingRuns() => await training.ListAsync(null, null, 100, Gone);

    public async Task<IReadOnlyList<DatasetView>> Datasets() => await datasets.ListAsync(Gone);

    public async Task<IReadOnlyList<ModelView>> Models() => await models.ListAsync(Gone);

    /// <summary>What was tried, whoever logged it.</summary>
    public Task<TrackedRunPage> Runs(string? filter, string? order, string? after, int limit) => runs.PageAsync(null, filter, order, after, limit, Gone);

    public Task<TrackedRunDetail?> Run(string id) => runs.FindAsync(id, Gone);

    public Task<RunComparison> Compare(IReadOnlyList<string> ids) => runs.CompareAsync(ids, Gone);
}
