namespace CvOps.Fleet.Tests.Tracking;

public sealed class MlflowMistakeTests
{
    [Fact]
    public async Task Bad_input_gets_MLflows_code_and_a_sentence()
    {
        await using var fleet = await FleetHost.StartAsync();
        var mlflow = new MlflowClient(fleet);
        var run = await mlflow.RunAsync("first");
        (string Path, string Body, string Code, string Says)[] cases =
        [
            ("runs/create", "{", "INVALID_PARAMETER_VALUE", "The body is no JSON"),
            ("runs/create", "[]", "INVALID_PARAMETER_VALUE", "The body is no JSON object."),
            ("runs/create", """{"experiment_id": "99"}""", "RESOURCE_DOES_NOT_EXIST", "There is no experiment '99'."),
            ("runs/create", """{"experiment_id": 0}""", "INVALID_PARAMETER_VALUE", "'experiment_id' is to be a text."),
            ("runs/create", """{"experiment_id": "0", "start_time": -1}""", "INVALID_PARAMETER_VALUE", "'start_time' lies between 0 and"),
            ("runs/create", """{"experiment_id": "0", "tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}""", "INVALID_PARAMETER_VALUE", "'tags' has 'a' more than once."),
            ("runs/update", $$"""{"run_id": "{{run}}", "status": "DONE"}""", "INVALID_PARAMETER_VALUE", "'status' is one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED, not 'DONE'."),
            ("runs/log-metric", """{"run_id": "nobody", "key": "a", "value": 1, "timestamp": 1}""", "RESOURCE_DOES_NOT_EXIST", "There is no run 'nobody'."),
            ("runs/log-metric", $$"""{"run_id": "{{run}}", "key": "a", "value": "high", "timestamp": 1}""", "INVALID_PARAMETER_VALUE", "'value' is to be a number."),
            ("runs/log-metric", $$"""{"run_id": "{{run}}", "key": "a", "value": 1}""", "INVALID_PARAMETER_VALUE", "A metric needs its 'timestamp'"),
            ("runs/log-metric", $$"""{"run_id": "{{run}}", "key": "../a", "value": 1, "timestamp": 1}""", "INVALID_PARAMETER_VALUE", "'../a' cannot be the 'key'"),
            ("runs/log-metric", $$"""{"run_id": "{{run}}", "key": "a", "value": 1, "timestamp": 1, "step": 1.5}""", "INVALID_PARAMETER_VALUE", "'step' is to be a whole number."),
            ("runs/log-parameter", $$"""{"run_id": "{{run}}", "key": "{{new string('k', 251)}}", "value": "1"}""", "INVALID_PARAMETER_VALUE", "'key' has at most 250 characters, not 251."),
            ("runs/log-parameter", $$"""{"run_id": "{{run}}", "key": "k", "value": "{{new string('v', 6001)}}"}""", "INVALID_PARAMETER_VALUE", "'value' has at most 6000 characters, not 6001."),
            ("runs/log-batch", $$"""{"run_id": "{{run}}", "metrics": [{{string.Join(", ", Enumerable.Repeat("{}", 1001))}}]}""", "INVALID_PARAMETER_VALUE", "'metrics' has at most 1000 entries, not 1001."),
            ("runs/log-batch", $$"""{"run_id": "{{run}}", "metrics": [{"key": "a", "value": 1, "timestamp": "x"}]}""", "INVALID_PARAMETER_VALUE", "'metrics[0].timestamp' is to be a whole number."),
            ("runs/log-inputs", $$$"""{"run_id": "{{{run}}}", "datasets": [{"dataset": {"name": "a"}}]}""", "INVALID_PARAMETER_VALUE", "'datasets[0].dataset.digest' is missing."),
            ("runs/search", """{"filter": "metrics.a >> 3"}""", "INVALID_PARAMETER_VALUE", "A number, or a text in quotes, was expected as the value of a; at character 12 of the filter stands '> 3'."),
            ("runs/search", """{"filter": "colour = 'red'"}""", "INVALID_PARAMETER_VALUE", "A run has no attribute 'colour'"),
            ("runs/search", """{"filter": "metrics.a = 'high'"}""", "INVALID_PARAMETER_VALUE", "metric.a is a number: compare it with one, without quotes."),
            ("runs/search", """{"max_results": 0}""", "INVALID_PARAMETER_VALUE", "'max_results' lies between 1 and 200000; 0 does not."),
            ("runs/search", """{"page_token": "abc"}""", "INVALID_PARAMETER_VALUE", "The page token is none"),
            ("registered-models/create", """{"name": "a/b"}""", "INVALID_PARAMETER_VALUE", "'a/b' cannot be the name of a model"),
            ("registered-models/create", """{"name": ""}""", "INVALID_PARAMETER_VALUE", "'name' is missing."),
            ("model-versions/create", """{"name": "nobody", "source": "s"}""", "RESOURCE_DOES_NOT_EXIST", "There is no registered model 'nobody'."),
            ("experiments/create", """{"name": "a", "artifact_location": "mlflow-artifacts:/7"}""", "INVALID_PARAMETER_VALUE", "'mlflow-artifacts:/7' is an address that the fleet gives itself"),
            ("traces/search", "{}", "ENDPOINT_NOT_FOUND", "This fleet does not answer POST /api/2.0/mlflow/traces/search"),
        ];
        foreach (var (path, body, code, says) in cases)
        {
            var refused = await mlflow.RefusedAsync(path, body);
            Assert.True(refused.Code == code && refused.Message.StartsWith(says, StringComparison.Ordinal), $"{path} {body[..Math.Min(200, body.Length)]}: {refused}");
        }
        // Nothing of all that was kept.
        var kept = (await mlflow.GetAsync($"runs/get?run_id={run}")).GetProperty("run").GetProperty("data");
        Assert.Equal((0, 0), (kept.GetProperty("metrics").GetArrayLength(), kept.GetProperty("params").GetArrayLength()));
    }
}
