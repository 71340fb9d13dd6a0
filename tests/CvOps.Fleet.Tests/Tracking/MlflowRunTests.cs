using System.Text.Json;

namespace CvOps.Fleet.Tests.Tracking;

/// <summary>Runs as MLflow's client logs and finds them; every body is one that mlflow 2.12.2 sent to a fleet.</summary>
public sealed class MlflowRunTests
{
    [Fact]
    public async Task A_run_comes_back_with_all_that_was_logged_also_after_a_restart()
    {
        await using var fleet = await FleetHost.StartAsync();
        var mlflow = new MlflowClient(fleet);
        var experiment = (await mlflow.PostAsync("experiments/create", """{"name": "steel"}""")).GetProperty("experiment_id").GetString()!;
        var run = await mlflow.RunAsync("first", experiment);
        await mlflow.PostAsync("runs/log-batch", $$"""{"run_id": "{{run}}", "params": [{"key": "lr", "value": "0.1"}, {"key": "seed", "value": "7"}]}""");
        await mlflow.PostAsync("runs/log-metric", $$"""{"run_uuid": "{{run}}", "key": "accuracy", "value": 0.5, "timestamp": 1795309374417, "step": 0, "run_id": "{{run}}"}""");
        await mlflow.PostAsync("runs/log-metric", $$"""{"run_uuid": "{{run}}", "key": "accuracy", "value": 0.95, "timestamp": 1795309374420, "step": 2, "run_id": "{{run}}"}""");
        // Late, and of an earlier step: a point of the curve, and not the latest.
        await mlflow.PostAsync("runs/log-metric", $$"""{"run_uuid": "{{run}}", "key": "accuracy", "value": 0.7, "timestamp": 1795309374426, "step": 1, "run_id": "{{run}}"}""");
        await mlflow.PostAsync("runs/log-batch", $$"""{"run_id": "{{run}}", "metrics": [{"key": "loss", "value": "NaN", "timestamp": 1795309374477, "step": 3}, {"key": "inf", "value": "Infinity", "timestamp": 1795309374477, "step": 3}]}""");
        await mlflow.PostAsync("runs/log-inputs", $$$"""{"run_id": "{{{run}}}", "datasets": [{"tags": [{"key": "mlflow.data.context", "value": "training"}], "dataset": {"name": "neu", "digest": "abc123", "source_type": "local", "source": "/data", "schema": "s", "profile": "p"}}]}""");
        await mlflow.PostAsync("runs/update", $$"""{"run_uuid": "{{run}}", "status": "FINISHED", "end_time": 1795309374587, "run_id": "{{run}}"}""");
        await fleet.RestartFleetAsync();

        var read = (await mlflow.GetAsync($"runs/get?run_uuid={run}&run_id={run}")).GetProperty("run");
        var info = read.GetProperty("info");
        Assert.Equal(
            (run, run, "first", experiment, "root", "FINISHED", 1795309374408, 1795309374587, $"mlflow-artifacts:/{experiment}/{run}/artifacts", "active"),
            (info.GetProperty("run_id").GetString(), info.GetProperty("run_uuid").GetString(), info.GetProperty("run_name").GetString(), info.GetProperty("experiment_id").GetString(),
                info.GetProperty("user_id").GetString(), info.GetProperty("status").GetString(), info.GetProperty("start_time").GetInt64(), info.GetProperty("end_time").GetInt64(),
                info.GetProperty("artifact_uri").GetString(), info.GetProperty("lifecycle_stage").GetString()));
        var data = read.GetProperty("data");
        Assert.Equal(["lr=0.1", "seed=7"], Pairs(data, "params"));
        Assert.Equal(["mlflow.runName=first", "mlflow.user=root"], Pairs(data, "tags"));
        Assert.Equal(["accuracy 0.95 @2", "inf Infinity @3", "loss NaN @3"], data.GetProperty("metrics").EnumerateArray().Select(Point));
        var input = Assert.Single(read.GetProperty("inputs").GetProperty("dataset_inputs").EnumerateArray());
        Assert.Equal(("abc123", "training"), (input.GetProperty("dataset").GetProperty("digest").GetString(), input.GetProperty("tags")[0].GetProperty("value").GetString()));
        Assert.Equal(["accuracy 0.5 @0", "accuracy 0.7 @1", "accuracy 0.95 @2"], (await mlflow.GetAsync($"metrics/get-history?run_uuid={run}&metric_key=accuracy&run_id={run}&max_results=25000")).GetProperty("metrics").EnumerateArray().Select(Point));
    }

    [Fact]
    public async Task A_batch_that_is_sent_again_counts_once_and_one_with_a_mistake_leaves_nothing()
    {
        await using var fleet = await FleetHost.StartAsync();
        var mlflow = new MlflowClient(fleet);
        var run = await mlflow.RunAsync("first");
        var batch = $$"""{"run_id": "{{run}}", "metrics": [{"key": "accuracy", "value": 0.5, "timestamp": 1795309374417, "step": 0}], "params": [{"key": "lr", "value": "0.1"}], "tags": [{"key": "z", "value": "1"}]}""";
        // A client repeats what it got no answer to.
        for (var i = 0; i < 3; i++) await mlflow.PostAsync("runs/log-batch", batch);
        Assert.Single((await mlflow.GetAsync($"metrics/get-history?metric_key=accuracy&run_id={run}")).GetProperty("metrics").EnumerateArray());
        var (code, message) = await mlflow.RefusedAsync("runs/log-batch", batch.Replace("0.1", "0.2", StringComparison.Ordinal).Replace("\"step\": 0", "\"step\": 1", StringComparison.Ordinal).Replace("\"1\"", "\"2\"", StringComparison.Ordinal));
        Assert.Equal(("INVALID_PARAMETER_VALUE", $"Parameter 'lr' of run '{run}' is '0.1' and does not change; '0.2' was given."), (code, message));
        Assert.Single((await mlflow.GetAsync($"metrics/get-history?metric_key=accuracy&run_id={run}")).GetProperty("metrics").EnumerateArray());
        Assert.Equal(["mlflow.runName=first", "mlflow.user=root", "z=1"], Pairs((await mlflow.GetAsync($"runs/get?run_id={run}")).GetProperty("run").GetProperty("data"), "tags"));
    }

    [Fact]
    public async Task Runs_are_found_by_metrics_parameters_tags_datasets_and_attributes_in_pages_and_in_order()
    {
        await using var fleet = await FleetHost.StartAsync();
        var mlflow = new MlflowClient(fleet);
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await mlflow.RunAsync($"r{i}"));
            await mlflow.PostAsync("runs/log-batch", $$"""{"run_id": "{{ids[i]}}", "metrics": [{"key": "f1 score", "value": 0.{{i}}, "timestamp": 1795309374417, "step": 0}], "params": [{"key": "lr", "value": "{{i % 2}}"}], "tags": [{"key": "line", "value": "Press-{{i}}"}]}""");
        }
        await mlflow.PostAsync("runs/update", $$"""{"run_id": "{{ids[4]}}", "status": "FAILED", "end_time": 1795309374587}""");
        await mlflow.PostAsync("runs/log-inputs", $$$"""{"run_id": "{{{ids[3]}}}", "datasets": [{"dataset": {"name": "neu", "digest": "abc123", "source_type": "local", "source": "/data"}}]}""");

        Assert.Equal(["r3"], await SearchAsync(mlflow, "metrics.`f1 score` > 0.25 and params.lr = '1' and tags.line LIKE 'Press-_' and attributes.status = 'RUNNING'"));
        Assert.Equal(["r4"], await SearchAsync(mlflow, "status = 'FAILED' and start_time >= 1795309374408 and end_time < 1795309374588"));
        Assert.Equal(["r3"], await SearchAsync(mlflow, "dataset.digest = 'abc123' AND datasets.name IN ('neu', 'other')"));
        Assert.Equal(["r1"], await SearchAsync(mlflow, "tags.line ILIKE 'press-1'"));
        Assert.Empty(await SearchAsync(mlflow, "tags.line LIKE 'press-1'"));
        Assert.Equal(2, (await SearchAsync(mlflow, $"run_id IN ('{ids[0]}', '{ids[2]}')")).Length);
        Assert.Equal(["r4", "r3", "r2", "r1", "r0"], await SearchAsync(mlflow, "", "\"metrics.`f1 score` DESC\""));
        Assert.Equal(["r1", "r3", "r0", "r2", "r4"], await SearchAsync(mlflow, "", "\"params.lr DESC\", \"attributes.run_name ASC\""));
        // What somebody wrote is a value and never a statement.
        Assert.Empty(await SearchAsync(mlflow, "tags.line = 'x'' OR 1 = 1 --'"));

        var first = await mlflow.PostAsync("runs/search", """{"experiment_ids": ["0"], "run_view_type": "ACTIVE_ONLY", "max_results": 3, "order_by": ["attributes.run_name"]}""");
        var second = await mlflow.PostAsync("runs/search", $$"""{"experiment_ids": ["0"], "max_results": 3, "order_by": ["attributes.run_name"], "page_token": "{{first.GetProperty("next_page_token").GetString()}}"}""");
        Assert.Equal(["r0", "r1", "r2", "r3", "r4"], Names(first).Concat(Names(second)));
        Assert.False(second.TryGetProperty("next_page_token", out _));

        await mlflow.PostAsync("runs/delete", $$"""{"run_id": "{{ids[0]}}"}""");
        Assert.Equal(4, (await SearchAsync(mlflow, "")).Length);
        Assert.Equal(["r0"], Names(await mlflow.PostAsync("runs/search", """{"experiment_ids": ["0"], "run_view_type": "DELETED_ONLY", "max_results": 10}""")));
        Assert.Contains("is deleted", (await mlflow.RefusedAsync("runs/log-parameter", $$"""{"run_id": "{{ids[0]}}", "key": "a", "value": "b"}""")).Message, StringComparison.Ordinal);
        await mlflow.PostAsync("runs/restore", $$"""{"run_id": "{{ids[0]}}"}""");
        Assert.Equal(5, (await SearchAsync(mlflow, "")).Length);
    }

    [Fact]
    public async Task Experiments_are_made_found_renamed_and_put_aside_with_their_runs()
    {
        await using var fleet = await FleetHost.StartAsync();
        var mlflow = new MlflowClient(fleet);
        var id = (await mlflow.PostAsync("experiments/create", """{"name": "steel", "tags": [{"key": "team", "value": "a"}]}""")).GetProperty("experiment_id").GetString()!;
        await mlflow.RunAsync("first", id);
        Assert.Equal("RESOURCE_ALREADY_EXISTS", (await mlflow.RefusedAsync("experiments/create", """{"name": "steel"}""")).Code);
        Assert.Equal(id, (await mlflow.GetAsync("experiments/get-by-name?experiment_name=steel")).GetProperty("experiment").GetProperty("experiment_id").GetString());
        Assert.Equal(["steel", "cvops", "Default"], (await mlflow.PostAsync("experiments/search", """{"max_results": 1000, "view_type": "ACTIVE_ONLY"}""")).GetProperty("experiments").EnumerateArray().Select(it => it.GetProperty("name").GetString()));
        Assert.Single((await mlflow.PostAsync("experiments/search", """{"max_results": 1000, "filter": "tags.team = 'a' and name LIKE 'st%'"}""")).GetProperty("experiments").EnumerateArray());
        await mlflow.PostAsync("experiments/update", $$"""{"experiment_id": "{{id}}", "new_name": "steel-2"}""");
        await mlflow.PostAsync("experiments/delete", $$"""{"experiment_id": "{{id}}"}""");
        var gone = (await mlflow.GetAsync($"experiments/get?experiment_id={id}")).GetProperty("experiment");
        Assert.Equal(("steel-2", "deleted"), (gone.GetProperty("name").GetString(), gone.GetProperty("lifecycle_stage").GetString()));
        Assert.Empty(Names(await mlflow.PostAsync("runs/search", $$"""{"experiment_ids": ["{{id}}"], "max_results": 10}""")));
        await mlflow.PostAsync("experiments/restore", $$"""{"experiment_id": "{{id}}"}""");
        Assert.Equal(["first"], Names(await mlflow.PostAsync("runs/search", $$"""{"experiment_ids": ["{{id}}"], "max_results": 10}""")));
        Assert.Contains("always there", (await mlflow.RefusedAsync("experiments/delete", """{"experiment_id": "0"}""")).Message, StringComparison.Ordinal);
    }

    private static async Task<string[]> SearchAsync(MlflowClient mlflow, string filter, string order = "") =>
        Names(await mlflow.PostAsync("runs/search", $$"""{"experiment_ids": ["0"], "run_view_type": "ACTIVE_ONLY", "filter": {{JsonSerializer.Serialize(filter)}}, "max_results": 1000, "order_by": [{{order}}]}"""));

    private static string[] Names(JsonElement answer) => [.. answer.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("info").GetProperty("run_name").GetString()!)];

    private static IEnumerable<string> Pairs(JsonElement data, string name) => data.GetProperty(name).EnumerateArray().Select(pair => $"{pair.GetProperty("key")}={pair.GetProperty("value")}");

    private static string Point(JsonElement metric) => $"{metric.GetProperty("key")} {metric.GetProperty("value")} @{metric.GetProperty("step")}";
}
