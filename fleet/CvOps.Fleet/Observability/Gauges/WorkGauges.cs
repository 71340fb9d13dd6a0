using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Alerts;
using CvOps.Fleet.Drift;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Storage;
using CvOps.Observability.Metrics;
using Dapper;

namespace CvOps.Fleet.Observability.Gauges;

/// <summary>What the fleet has before it: rollouts, drift, labels, training, alerts. All states are told, those without any as 0: an alert on them needs no "absent".</summary>
internal sealed class WorkGauges(Database database, RolloutStore rollouts, AlertStore alerts, CertificateStore certificates, IGrainFactory grains, TimeProvider time) : IFleetGauges
{
    /// <summary>The same as the overview's.</summary>
    private static readonly TimeSpan Around = TimeSpan.FromDays(14);

    public async ValueTask WriteAsync(MetricPage page, CancellationToken cancel)
    {
        var rows = await rollouts.ListAsync(null);
        Each(page, FleetMetrics.Rollouts, rows.GroupBy(row => row.State).ToDictionary(state => state.Key, state => (long)state.Count()));
        page.Add(FleetMetrics.EmergencyStop, (await rollouts.EmergencyAsync()).On ? 1 : 0);
        Each(page, FleetMetrics.Frames, await database.ReadAsync(FrameTally.States, cancel));
        var runs = await database.ReadAsync(connection => connection.Query<(string State, long Runs)>("SELECT state, count(*) FROM training_runs GROUP BY state").ToArray(), cancel);
        Each(page, FleetMetrics.TrainingRuns, runs.Where(run => Enum.IsDefined(typeof(TrainingState), run.State)).ToDictionary(run => Enum.Parse<TrainingState>(run.State), run => run.Runs));
        page.Add(FleetMetrics.DeadLetters, await database.ReadAsync(connection => connection.ExecuteScalar<long>("SELECT count(*) FROM dead_letters"), cancel));
        var open = await alerts.OpenAsync(cancel);
        foreach (var severity in Enum.GetValues<AlertSeverity>())
            foreach (var state in new[] { AlertState.Firing, AlertState.Acknowledged, AlertState.Silenced })
                page.Add(FleetMetrics.Alerts, open.Count(alert => alert.View.Severity == severity && alert.View.State == state), Word(severity), Word(state));
        var now = time.GetUtcNow();
        page.Add(FleetMetrics.CertificatesEnding, (await certificates.EndingAsync(now - Around, now + Around, cancel)).Length);
        // Last: a silo that does not answer leaves the rest there.
        var cameras = await grains.GetGrain<IDriftIndexGrain>(IDriftIndexGrain.Key).List();
        Each(page, FleetMetrics.Drift, cameras.GroupBy(camera => camera.State).ToDictionary(state => state.Key, state => (long)state.Count()));
    }

    private static void Each<T>(MetricPage page, MetricRule rule, IReadOnlyDictionary<T, long> counts) where T : struct, Enum
    {
        foreach (var state in Enum.GetValues<T>()) page.Add(rule, counts.GetValueOrDefault(state), Word(state));
    }

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
