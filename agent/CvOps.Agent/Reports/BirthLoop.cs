using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Agent.Inference;
using CvOps.Agent.Link;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Hosting;

namespace CvOps.Agent.Reports;

/// <summary>Announces what the device is, and again when a camera or the model in charge is another.</summary>
internal sealed class BirthLoop(AgentOptions options, IEnumerable<CameraLoop> cameras, ModelSlots slots, SpoolLog spool, IFleetLink link, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        try
        {
            ReportedCamera[]? said = null;
            ModelRef? model = null;
            do
            {
                var now = cameras.Select(camera => camera.Reported).ToArray();
                var active = slots.Active;
                if (said is not null && said.SequenceEqual(now) && active?.Ref == model) continue;
                (said, model) = (now, active?.Ref);
                link.Announce(Describe(options, now, active is null ? null : (active.Ref, active.Manifest), spool.Boot, time.GetUtcNow()));
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    public static DeviceBirth Describe(AgentOptions options, IReadOnlyList<ReportedCamera> cameras, (ModelRef Ref, ModelManifest Manifest)? model, long boot, DateTimeOffset at) => new()
    {
        Site = options.Site, Device = options.Device, Boot = boot, At = at, AgentVersion = AgentVersion.Text, HealthSeconds = options.Health.Interval.TotalSeconds,
        Cameras = [.. cameras.Select(camera => Of(options, camera))],
        Model = model is var (reference, manifest) ? new BirthModel(reference, manifest.Task, manifest.Classes, manifest.RejectClasses) : null,
        Topics = [.. TopicCatalog.All.SelectMany(rule => Of(options, rule, cameras))],
    };

    private static BirthCamera Of(AgentOptions options, ReportedCamera camera)
    {
        var zones = options.Zones.FirstOrDefault(zones => zones.Camera == camera.Camera);
        return new BirthCamera(camera.Camera, camera.Source, camera.Width, camera.Height, [.. (zones?.Areas ?? []).Select(area => area.Name)], [.. (zones?.Lines ?? []).Select(line => line.Name)],
            options.Actuation.Any(actuation => actuation.Camera == camera.Camera));
    }

    private static IEnumerable<BirthTopic> Of(AgentOptions options, TopicRule rule, IReadOnlyList<ReportedCamera> cameras)
    {
        var filters = rule.Suffix.Contains("{camera}", StringComparison.Ordinal)
            ? cameras.Select(camera => rule.Suffix.Replace("{camera}", camera.Camera.Value, StringComparison.Ordinal)).Select(suffix => suffix.Replace("{frame}", "+", StringComparison.Ordinal))
            : [rule.Filter];
        return filters.Select(filter => new BirthTopic($"{Topics.Root}/{options.Site}/{options.Device}/{filter}", rule.SchemaId, rule.Retained, rule.Direction == TopicDirection.FromDevice));
    }
}
