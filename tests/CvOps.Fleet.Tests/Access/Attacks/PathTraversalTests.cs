using System.Net.Http.Headers;
using System.Text;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api.Catalog;
using CvOps.Fleet.Tracking.Mlflow;

namespace CvOps.Fleet.Tests.Access.Attacks;

/// <summary>Every address that takes a name, digest or path, asked for what lies beside the fleet's files and to write there.</summary>
[Trait("tier", "integration")]
public sealed class PathTraversalTests
{
    private const string Canary = "a file that nobody serves";

    // As they stand in an address; a client that tidies it up would hide what a real attacker sends.
    private static readonly string[] Ways =
    [
        "..%2fcanary.txt", "..%2f..%2fcanary.txt", "..%5ccanary.txt", "%2e%2e%2fcanary.txt", "....%2f%2fcanary.txt", "..;%2fcanary.txt", "%252e%252e%252fcanary.txt", "x%2f..%2f..%2f..%2fcanary.txt", "..%2fcanary.txt%00.jpg", "..%c0%afcanary.txt",
        "%2fetc%2fpasswd", "..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "..%2fdata%2ffleet.db", "..%2flocal.token",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_name_in_an_address_reads_or_writes_beside_the_fleet_s_files()
    {
        await using var fleet = await FleetHost.StartAsync();
        await File.WriteAllTextAsync(fleet.InFolder("canary.txt"), Canary, Cancel);
        var before = Outside(fleet);
        using var http = new HttpClient { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", fleet.LocalToken) } };
        var asked = 0;
        foreach (var (method, address) in Addresses())
            foreach (var way in Ways)
            {
                var uri = new Uri(fleet.Http.BaseAddress!.GetLeftPart(UriPartial.Authority) + address.Replace("{}", way, StringComparison.Ordinal), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
                using var request = new HttpRequestMessage(new HttpMethod(method), uri);
                if (method is "POST" or "PUT") request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
                using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
                var text = answer.Content.Headers.ContentType?.MediaType == "text/event-stream" ? "" : await answer.Content.ReadAsStringAsync(Cancel);
                Assert.True((int)answer.StatusCode is >= 200 and < 500, $"{method} {uri.AbsoluteUri}: {(int)answer.StatusCode} {text}");
                foreach (var secret in new[] { Canary, "root:x:", "SQLite format 3", fleet.LocalToken })
                    Assert.False(text.Contains(secret, StringComparison.Ordinal), $"{method} {uri.AbsoluteUri} gave away '{secret}'");
                asked++;
            }
        Assert.True(asked > 800, $"only {asked} were asked");
        Assert.Equal(before, Outside(fleet));
        Assert.Equal(Canary, await File.ReadAllTextAsync(fleet.InFolder("canary.txt"), Cancel));
    }

    /// <summary>Each parameter in turn; the others have a name that is none.</summary>
    private static IEnumerable<(string Method, string Address)> Addresses()
    {
        foreach (var operation in ApiCatalog.All)
        {
            var parts = operation.Path.Split('/');
            for (var i = 0; i < parts.Length; i++)
                if (parts[i].StartsWith('{'))
                    yield return (operation.Method, ApiRoutes.Root + string.Join('/', parts.Select((part, at) => at == i ? "{}" : part.StartsWith('{') ? part.Contains("long", StringComparison.Ordinal) ? "1" : "x" : part)));
        }
        foreach (var query in (string[])["/audit/pack?rollout={}", "/audit/pack?model={}", "/lineage?of={}", "/models/history?name={}", "/drift/slice?key={}", "/runs/compare?run={}", "/deadletters?device={}", "/inspections?device={}"])
            yield return ("GET", ApiRoutes.Root + query);
        foreach (var page in (string[])["/frames/{}", "/devices/{}", "/rollouts/{}", "/models/{}", "/datasets/{}", "/labels/{}", "/drift/{}/cam", "/drift/x/{}", "/assets/{}"]) yield return ("GET", page);
        foreach (var method in (string[])["GET", "PUT", "DELETE"]) yield return (method, $"{MlflowEndpoints.ArtefactRoot}/artifacts/{{}}");
        yield return ("GET", $"{MlflowEndpoints.ArtefactRoot}/artifacts?path={{}}");
        yield return ("GET", $"{MlflowEndpoints.Root}/artifacts/list?run_id=x&path={{}}");
    }

    /// <summary>What lies beside the fleet's data folder and in the folder above, which a climb would reach first.</summary>
    private static string[] Outside(FleetHost fleet)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(fleet.Options.Data))!;
        return [.. Directory.GetFileSystemEntries(folder).Order(StringComparer.Ordinal)];
    }
}
