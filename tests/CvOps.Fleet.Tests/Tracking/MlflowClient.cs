using System.Text;
using System.Text.Json;

namespace CvOps.Fleet.Tests.Tracking;

/// <summary>Speaks to a fleet in the form that MLflow's Python client was seen to send: bodies for POST, PATCH and DELETE, a query for GET.</summary>
internal sealed class MlflowClient(FleetHost fleet)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public Task<JsonElement> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    public Task<JsonElement> GetAsync(string pathAndQuery) => SendAsync(HttpMethod.Get, pathAndQuery, null);

    /// <returns>The answer of a call that works.</returns>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, string? body)
    {
        var (status, answer) = await AskAsync(method, path, body);
        Assert.True(status == 200, $"{method} {path}: {status} {answer}");
        return answer;
    }

    /// <returns>MLflow's code and sentence of a call that is refused.</returns>
    public async Task<(string Code, string Message)> RefusedAsync(HttpMethod method, string path, string? body)
    {
        var (status, answer) = await AskAsync(method, path, body);
        Assert.True(status is 400 or 404 or 501, $"{method} {path}: {status} {answer}");
        return (answer.GetProperty("error_code").GetString()!, answer.GetProperty("message").GetString()!);
    }

    public Task<(string Code, string Message)> RefusedAsync(string path, string body) => RefusedAsync(HttpMethod.Post, path, body);

    /// <summary>To the artefact proxy.</summary>
    public async Task<HttpResponseMessage> ArtefactAsync(HttpMethod method, string path, byte[]? bytes = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(fleet.Http.BaseAddress!, $"/api/2.0/mlflow-artifacts/{path}"));
        if (bytes is not null) request.Content = new ByteArrayContent(bytes);
        return await fleet.Http.SendAsync(request, Ct);
    }

    /// <returns>The id of a new run.</returns>
    public async Task<string> RunAsync(string name, string experiment = "0") => (await PostAsync("runs/create",
        $$"""{"experiment_id": "{{experiment}}", "user_id": "root", "run_name": "{{name}}", "start_time": 1795309374408, "tags": [{"key": "mlflow.user", "value": "root"}, {"key": "mlflow.runName", "value": "{{name}}"}]}"""))
        .GetProperty("run").GetProperty("info").GetProperty("run_id").GetString()!;

    private async Task<(int Status, JsonElement Answer)> AskAsync(HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, new Uri(fleet.Http.BaseAddress!, $"/api/2.0/mlflow/{path}"));
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await fleet.Http.SendAsync(request, Ct);
        var text = await answer.Content.ReadAsStringAsync(Ct);
        Assert.True(answer.Content.Headers.ContentType?.MediaType == "application/json", $"{method} {path}: {(int)answer.StatusCode} {text}");
        return ((int)answer.StatusCode, JsonDocument.Parse(text).RootElement.Clone());
    }
}
