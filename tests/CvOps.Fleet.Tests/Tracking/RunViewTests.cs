using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Tests.Tracking;

public sealed class RunViewTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Runs_stand_side_by_side_with_what_differs_and_their_curves()
    {
        await using var fleet = await FleetHost.StartAsync();
        var mlflow = new MlflowClient(fleet);
        var (first, second) = (await mlflow.RunAsync("first"), await mlflow.RunAsync("second"));
        await mlflow.PostAsync("runs/log-batch", Batch(first, "7", 3, "abc123"));
        await mlflow.PostAsync("runs/log-batch", Batch(second, "8", 900, "abc123"));
        foreach (var run in new[] { first, second })
            await mlflow.PostAsync("runs/log-inputs", $$$"""{"run_id": "{{{run}}}", "datasets": [{"dataset": {"name": "neu", "digest": "d1", "source_type": "local", "source": "/data"}}]}""");

        var comparison = (await fleet.Http.GetFromJsonAsync($"runs/compare?run={second}&run={first}", ContractsJson.Default.RunComparison, Ct))!;
        Assert.Equal(["second", "first"], comparison.Runs.Select(run => run.Name));
        Assert.Equal(["dataset False neu d1|neu d1", "code False abc123|abc123", "seed True 8|7", "gpu False none|none"], comparison.Facts.Select(Text));
        Assert.Equal(["lr False 0.1|0.1", "seed True 8|7"], comparison.Params.Select(Text));
        Assert.Equal(["loss True 899|2", "once False 1|1"], comparison.Metrics.Select(Text));
        // A metric of one value is a number; a long curve is thinned and keeps its ends.
        var curve = Assert.Single(comparison.Curves);
        Assert.Equal(("loss", 2), (curve.Metric, curve.Runs.Count));
        Assert.InRange(curve.Runs[0].Count, 200, 400);
        Assert.Equal((new CurvePoint(0, 0), new CurvePoint(899, 899)), (curve.Runs[0][0], curve.Runs[0][^1]));
        Assert.Equal([new CurvePoint(0, 0), new CurvePoint(1, 1), new CurvePoint(2, 2)], curve.Runs[1]);

        using var page = await fleet.Http.GetAsync(new Uri(fleet.Http.BaseAddress!, $"/tracking/compare?run={second}&run={first}"), Ct);
        var html = await page.Content.ReadAsStringAsync(Ct);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("<polyline class=\"b\"", html, StringComparison.Ordinal);
        Assert.Contains("differs", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_is_listed_shown_and_missed_with_a_sentence()
    {
        await using var fleet = await FleetHost.StartAsync();
        var mlflow = new MlflowClient(fleet);
        var (first, second) = (await mlflow.RunAsync("first"), await mlflow.RunAsync("<second>"));
        await mlflow.PostAsync("runs/log-batch", Batch(first, "7", 3, "abc123"));
        await mlflow.ArtefactAsync(HttpMethod.Put, $"artifacts/0/{first}/artifacts/a/b.txt", "x"u8.ToArray());

        var page = (await fleet.Http.GetFromJsonAsync("runs?limit=1&order=attributes.run_name", ContractsJson.Default.TrackedRunPage, Ct))!;
        Assert.Equal("<second>", Assert.Single(page.Runs).Name);
        page = (await fleet.Http.GetFromJsonAsync($"runs?limit=1&order=attributes.run_name&after={Uri.EscapeDataString(page.Next!)}", ContractsJson.Default.TrackedRunPage, Ct))!;
        Assert.Equal(("first", null), (Assert.Single(page.Runs).Name, page.Next));
        var detail = (await fleet.Http.GetFromJsonAsync($"runs/{first}", ContractsJson.Default.TrackedRunDetail, Ct))!;
        Assert.Equal(("first", "a/b.txt", 1L), (detail.Run.Name, Assert.Single(detail.Artefacts).Path, detail.Artefacts[0].Bytes));
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.GetAsync("runs/nobody", Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.GetAsync($"runs/compare?run={first}&run=nobody", Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await fleet.Http.GetAsync("runs/compare", Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await fleet.Http.GetAsync("runs?filter=metrics", Ct)).StatusCode);

        var html = await fleet.Http.GetStringAsync(new Uri(fleet.Http.BaseAddress!, "/tracking"), Ct);
        Assert.Contains("&lt;second&gt;", html, StringComparison.Ordinal);
        Assert.Contains("was expected; at character", await fleet.Http.GetStringAsync(new Uri(fleet.Http.BaseAddress!, "/tracking?filter=metrics"), Ct), StringComparison.Ordinal);
        Assert.Contains($"/artifacts/0/{first}/artifacts/a/b.txt", await fleet.Http.GetStringAsync(new Uri(fleet.Http.BaseAddress!, $"/tracking/compare?run={first}"), Ct), StringComparison.Ordinal);
    }

    private static string Batch(string run, string seed, int steps, string code) =>
        $$"""
        {"run_id": "{{run}}", "params": [{"key": "lr", "value": "0.1"}, {"key": "seed", "value": "{{seed}}"}],
         "tags": [{"key": "mlflow.source.git.commit", "value": "{{code}}"}, {"key": "cvops.environment.gpu", "value": "none"}],
         "metrics": [{"key": "once", "value": 1, "timestamp": 1, "step": 0}, {{string.Join(", ", Enumerable.Range(0, steps).Select(step => $$"""{"key": "loss", "value": {{step}}, "timestamp": 1, "step": {{step}}}"""))}}]}
        """;

    private static string Text(ComparedValue row) => $"{row.Name} {row.Differs} {string.Join('|', row.Values)}";
}
