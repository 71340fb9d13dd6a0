using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Observability;
using CvOps.Fleet.Storage.Backup;
using CvOps.Observability.Metrics;
using CvOps.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Observability;

public sealed class FleetMetricsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_real_Prometheus_reads_what_devices_said_with_a_token_that_opens_nothing_else()
    {
        await using var fleet = await FleetHost.StartAsync(WithToken);
        await using var device = await fleet.ConnectDeviceAsync("press-1");
        await device.SayOnlineAsync();
        var report = device.Inspection(1);
        await device.SendAsync(report);
        await device.SendAsync(report);
        await device.SendAsync(device.Inspection(2) with { Prediction = new Prediction { Class = "scratch", Confidence = 0.9, Margin = 0.8, Entropy = 0.1, Reject = true } });
        await device.SendAsync(device.Topics.Health, "{"u8.ToArray());
        new BackupRecord(DateTimeOffset.UtcNow.AddHours(-2), "abc", 12_345).Write(fleet.Options.Data);
        await FleetHost.UntilAsync(async () => (await PageAsync(fleet)).Contains("cvops_fleet_ingest_messages_total{kind=\"unreadable\"} 1", StringComparison.Ordinal), "four messages taken in");

        var page = await PageAsync(fleet);
        Assert.Equal("", await PrometheusTools.ComplaintsAsync(page, Ct));
        var root = new Uri(fleet.Http.BaseAddress!, "/");
        await using var prometheus = await PrometheusServer.StartAsync($"""
            - job_name: cvops-fleet
              authorization: {"{"} credentials_file: '{fleet.Options.MetricsToken}' {"}"}
              static_configs: [{"{"} targets: ['{root.Authority}'] {"}"}]
            """, Ct);
        await prometheus.UntilAsync("up", up => up[0].Value == 1, Ct);
        Assert.Equal(2, (await prometheus.UntilAsync("cvops_fleet_inspections_total{site=\"plant\"}", _ => true, Ct))[0].Value);
        Assert.Equal(1, (await prometheus.UntilAsync("cvops_fleet_inspections_rejected_total", _ => true, Ct))[0].Value);
        Assert.Equal(1, (await prometheus.UntilAsync("cvops_fleet_ingest_duplicates_total", _ => true, Ct))[0].Value);
        Assert.Equal(1, (await prometheus.UntilAsync("cvops_fleet_dead_letters", _ => true, Ct))[0].Value);
        Assert.Equal(1, (await prometheus.UntilAsync("cvops_fleet_devices{site=\"plant\",state=\"online\"}", _ => true, Ct))[0].Value);
        Assert.Equal(1, (await prometheus.UntilAsync("cvops_fleet_broker_connected", _ => true, Ct))[0].Value);
        Assert.InRange((await prometheus.UntilAsync("cvops_fleet_backup_age_seconds", _ => true, Ct))[0].Value, 7200, 7400);
        Assert.Equal(3, (await prometheus.UntilAsync("sum(cvops_fleet_ingest_lag_seconds_count)", _ => true, Ct))[0].Value);
        Assert.True((await prometheus.UntilAsync("cvops_fleet_database_write_seconds_count", _ => true, Ct))[0].Value > 0);

        using var scraper = new HttpClient { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(fleet.Options.MetricsToken!, Ct)).Trim()) } };
        Assert.Equal(HttpStatusCode.OK, (await scraper.GetAsync(new Uri(root, "/metrics"), Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await scraper.GetAsync(new Uri(root, "/api/v1/devices"), Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await scraper.GetAsync(new Uri(root, "/"), Ct)).StatusCode);
        using var stranger = new HttpClient();
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync(new Uri(root, "/metrics"), Ct)).StatusCode);
    }

    [Fact]
    public async Task A_fleet_says_everything_that_the_reference_has()
    {
        await using var fleet = await FleetHost.StartAsync(WithToken);
        await using var device = await fleet.ConnectDeviceAsync("press-1");
        await device.SayOnlineAsync();
        await device.SendAsync(device.Inspection(1));
        new BackupRecord(DateTimeOffset.UtcNow, "abc", 1).Write(fleet.Options.Data);
        string[] missing = [];
        await Eventually.Async(async () =>
        {
            var lines = (await PageAsync(fleet)).Split('\n');
            missing = [.. FleetMetrics.All.Where(rule => !lines.Any(line => line.StartsWith(rule.Name + (rule.Kind == MetricKind.Histogram ? "_count" : ""), StringComparison.Ordinal))).Select(rule => rule.Name)];
            return missing.Length == 0;
        }, TimeSpan.FromSeconds(30), () => $"without a value: {string.Join(' ', missing)}", Ct);
    }

    /// <summary>A million series end Prometheus, and the machine with it.</summary>
    [Fact]
    public async Task However_many_sites_and_devices_there_are_the_page_stays_small_and_its_sums_right()
    {
        const int Sites = 300, PerSite = 4;
        await using var fleet = await FleetHost.StartAsync(WithToken);
        var reader = new MessageReader();
        var store = fleet.Services.GetRequiredService<IngestStore>();
        Message[] messages = [.. Enumerable.Range(0, Sites).SelectMany(site => Enumerable.Range(0, PerSite).Select(number =>
        {
            var device = new DeviceId($"d-{site}-{number}");
            var body = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(TestDeviceReport(device), ContractsJson.Default.InspectionReport);
            return reader.Read(new Topics(new SiteId($"site-{site}"), device).Inspection(new CameraId("cam")), new System.Buffers.ReadOnlySequence<byte>(body));
        }))];
        Assert.All(messages, message => Assert.Null(message.Reason));
        await store.ApplyAsync(messages, Ct);

        var page = await PageAsync(fleet);
        Assert.DoesNotContain("d-7-1", page, StringComparison.Ordinal);
        Assert.InRange(page.Split('\n').Length, 100, 2500);
        foreach (var name in new[] { "cvops_fleet_inspections_total", "cvops_fleet_devices" })
        {
            var samples = page.Split('\n').Where(line => line.StartsWith(name + "{", StringComparison.Ordinal)).ToArray();
            Assert.Equal(Sites * PerSite, samples.Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)));
            Assert.Equal(FleetMetrics.MostSites + 1, samples.Select(line => line.Split("site=\"")[1].Split('"')[0]).Distinct().Count());
            Assert.Contains(samples, line => line.Contains("site=\"other\"", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Whatever_strangers_type_is_one_area()
    {
        await using var fleet = await FleetHost.StartAsync(WithToken);
        for (var i = 0; i < 50; i++) await fleet.Http.GetAsync(new Uri($"/nothing-{i}", UriKind.Relative), Ct);
        await fleet.Http.GetAsync(new Uri("devices/no-such-device", UriKind.Relative), Ct);
        var areas = (await PageAsync(fleet)).Split('\n').Where(line => line.StartsWith("cvops_fleet_http_request_seconds_count", StringComparison.Ordinal)).ToArray();
        Assert.Contains(areas, line => line == "cvops_fleet_http_request_seconds_count{area=\"none\",status=\"4xx\"} 50");
        Assert.Contains(areas, line => line == "cvops_fleet_http_request_seconds_count{area=\"devices\",status=\"4xx\"} 1");
        Assert.DoesNotContain(areas, line => line.Contains("nothing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_part_that_cannot_say_how_it_is_hides_no_other()
    {
        await using var fleet = await FleetHost.StartAsync(WithToken, builder => builder.Services.AddSingleton<IFleetGauges, Broken>());
        var page = await PageAsync(fleet);
        Assert.Contains("cvops_fleet_broker_connected 1", page, StringComparison.Ordinal);
        Assert.Contains("cvops_fleet_metric_errors_total 1", page, StringComparison.Ordinal);
    }

    private static void WithToken(FleetOptions options) => options.MetricsToken = Path.Combine(options.Data, "..", "metrics.token");

    private static Task<string> PageAsync(FleetHost fleet) => fleet.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Ct);

    private static InspectionReport TestDeviceReport(DeviceId device) => new()
    {
        Origin = new Origin(device, 1, 1), Camera = new CameraId("cam"), Frame = 1, Connection = 1, CapturedAt = DateTimeOffset.UnixEpoch.AddDays(20_000), TimeSource = TimeSource.Host, TimeUncertaintyMs = 5,
        Model = new ModelRef("line", "1", new string('a', 64)), Prediction = new Prediction { Class = "ok", Confidence = 0.9, Margin = 0.8, Entropy = 0.1 }, Timings = new FrameTimings(1, 2, 3, 4),
    };

    private sealed class Broken : IFleetGauges
    {
        public ValueTask WriteAsync(MetricPage page, CancellationToken cancel) => throw new InvalidOperationException("The database is away.");
    }
}
