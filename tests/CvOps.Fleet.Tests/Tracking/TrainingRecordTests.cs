using System.Net.Http.Json;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Training;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Tracking;

public sealed class TrainingRecordTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_training_run_is_a_run_of_the_experiment_cvops_that_clients_read_tag_and_do_not_write()
    {
        await using var fleet = await FleetHost.StartAsync();
        var mlflow = new MlflowClient(fleet);
        var table = fleet.Services.GetRequiredService<TrainingTable>();
        var at = DateTimeOffset.FromUnixTimeMilliseconds(1795309374408);
        var view = new TrainingRunView
        {
            Id = "run-1", Request = new TrainingRequest(new string('d', 64), new string('a', 64), "2", "line-lead", 0.01, 7) { Parameters = new Dictionary<string, JsonElement> { ["hidden"] = JsonSerializer.SerializeToElement(64) } },
            State = TrainingState.Running, Reason = "Trains.", CreatedAt = at, StartedAt = at, Curve = [], Metrics = new Dictionary<string, double>(),
            Environment = new Dictionary<string, string> { ["code"] = "abc123", ["os"] = "Debian" },
        };
        await table.PutAsync(view, Ct);
        await table.AddMetricsAsync("run-1", [new TrainingMetric("loss", 1, 0.9, at), new TrainingMetric("loss", 2, 0.4, at)], Ct);
        await table.PutAsync(view with { State = TrainingState.Refused, Reason = "Blind to green.", FinishedAt = at.AddSeconds(5), Model = new string('b', 64) }, Ct);

        var run = (await mlflow.GetAsync("runs/get?run_id=run-1")).GetProperty("run");
        var (info, data) = (run.GetProperty("info"), run.GetProperty("data"));
        Assert.Equal(("1", "FINISHED", "line-lead", 1795309374408, 1795309379408),
            (info.GetProperty("experiment_id").GetString(), info.GetProperty("status").GetString(), info.GetProperty("user_id").GetString(), info.GetProperty("start_time").GetInt64(), info.GetProperty("end_time").GetInt64()));
        Assert.Equal(["hidden=64", "l2=0.01", "seed=7", "trainer=head"], data.GetProperty("params").EnumerateArray().Select(pair => $"{pair.GetProperty("key")}={pair.GetProperty("value")}"));
        Assert.Equal((0.4, 2L), (data.GetProperty("metrics")[0].GetProperty("value").GetDouble(), data.GetProperty("metrics")[0].GetProperty("step").GetInt64()));
        Assert.Equal([0.9, 0.4], (await mlflow.GetAsync("metrics/get-history?run_id=run-1&metric_key=loss&max_results=25000")).GetProperty("metrics").EnumerateArray().Select(point => point.GetProperty("value").GetDouble()));
        Assert.Single((await mlflow.PostAsync("runs/search", $$"""{"experiment_ids": ["1"], "filter": "metrics.loss < 0.5 and dataset.digest = '{{new string('d', 64)}}' and tags.cvops.state = 'Refused'", "max_results": 10}""")).GetProperty("runs").EnumerateArray());

        Assert.Contains("training run of CvOps", (await mlflow.RefusedAsync("runs/log-metric", """{"run_id": "run-1", "key": "loss", "value": 0, "timestamp": 1, "step": 3}""")).Message, StringComparison.Ordinal);
        Assert.Contains("stays", (await mlflow.RefusedAsync("runs/delete", """{"run_id": "run-1"}""")).Message, StringComparison.Ordinal);
        await mlflow.PostAsync("runs/set-tag", """{"run_id": "run-1", "key": "note", "value": "look at green"}""");

        var comparison = (await fleet.Http.GetFromJsonAsync("runs/compare?run=run-1", ContractsJson.Default.RunComparison, Ct))!;
        Assert.Equal(["dataset snapshot " + new string('d', 64), "code abc123", "seed 7", "os Debian"], comparison.Facts.Select(fact => $"{fact.Name} {fact.Values[0]}"));
        Assert.Equal([new CurvePoint(1, 0.9), new CurvePoint(2, 0.4)], Assert.Single(comparison.Curves).Runs[0]);
    }
}
