using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CvOps.Fleet.Api.Catalog;

namespace CvOps.Fleet.Tests.Api;

public sealed partial class ApiProblemTests
{
    [Fact]
    public async Task Whatever_is_asked_wrongly_is_answered_with_a_problem_document_and_never_with_a_failure()
    {
        await using var fleet = await FleetHost.StartAsync();
        var wrong = new List<string>();
        var asked = 0;
        foreach (var operation in ApiCatalog.All)
        {
            foreach (var (what, request) in Requests(operation))
            {
                asked++;
                using var answer = await fleet.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
                request.Dispose();
                if ((int)answer.StatusCode < 400) continue;
                if (await MistakeAsync(answer) is { } mistake) wrong.Add($"{operation.Method} {operation.Path}, {what}: {(int)answer.StatusCode} {mistake}");
            }
        }
        Assert.True(asked > 200, $"only {asked} requests");
        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("GET", "nowhere", 404)]
    [InlineData("GET", "nowhere/at/all", 404)]
    [InlineData("PATCH", "devices", 405)]
    [InlineData("DELETE", "fleet", 405)]
    [InlineData("POST", "alerts/silences", 415)]
    [InlineData("GET", "rollouts/rollout-1/devices?ring=x", 400)]
    [InlineData("GET", "alerts?limit=many", 400)]
    public async Task What_no_handler_ever_sees_is_a_problem_document_too(string method, string path, int status)
    {
        await using var fleet = await FleetHost.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = method == "POST" ? new StringContent("x=1", Encoding.UTF8, "text/plain") : null };
        // A browser's.
        request.Headers.Accept.ParseAdd("text/html");
        using var answer = await fleet.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Null(await MistakeAsync(answer));
        if (status == 405) Assert.NotEmpty(answer.Content.Headers.Allow);
    }

    private static IEnumerable<(string, HttpRequestMessage)> Requests(ApiOperation operation)
    {
        if (operation.Id == "streamEvents") yield break;
        foreach (var name in (string[])["none", "%21%21", "..%2f..%2fetc", "%F0%9F%98%80", new string('a', 300)])
        {
            var path = Parameter().Replace(operation.Path, name).TrimStart('/');
            var method = new HttpMethod(operation.Method);
            if (operation.Method is "GET" or "DELETE")
            {
                yield return ($"with '{name}'", new HttpRequestMessage(method, path));
                if (name == "none") yield return ("with a limit that is none", new HttpRequestMessage(method, $"{path}?limit=x&after=%00&since=never&select=%28&hours=nan"));
                continue;
            }
            foreach (var (what, body, type) in ((string, string, string)[])[("no JSON", "{", "application/json"), ("null", "null", "application/json"), ("a list", "[]", "application/json"), ("nothing in it", "{}", "application/json"), ("no body", "", "application/json"),
                ("fields of other kinds", """{"by":{},"reason":[],"select":1,"name":false,"frames":"x"}""", "application/json"), ("text", "hello", "text/plain")])
            {
                // Each body once; each name once.
                if (name != "none" && what != "nothing in it") continue;
                yield return ($"{what} for '{name}'", new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, type) });
            }
        }
    }

    private static async Task<string?> MistakeAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        if (answer.StatusCode == HttpStatusCode.InternalServerError) return $"a failure: {text}";
        if (answer.Content.Headers.ContentType?.MediaType != "application/problem+json") return $"'{answer.Content.Headers.ContentType}' and not a problem document: {text}";
        using var problem = JsonDocument.Parse(text);
        foreach (var member in (string[])["type", "title", "detail", "instance", "traceId"])
            if (!problem.RootElement.TryGetProperty(member, out var value) || value.GetString() is not { Length: > 0 }) return $"a problem without {member}: {text}";
        return problem.RootElement.GetProperty("status").GetInt32() == (int)answer.StatusCode ? null : $"a problem with another status: {text}";
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();
}
