using System.Net;
using System.Net.Http.Headers;
using System.Text;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Access.Tokens;
using CvOps.Fleet.Storage;
using Dapper;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Access.Rights;

/// <summary>Every role, and whoever has none, against every address there is, over HTTP. What is expected lies in a file that is compared as a whole.</summary>
[Trait("tier", "integration")]
public sealed class AccessMatrixTests
{
    private const string File = "access-matrix.txt";
    private const string Site = "ulm";
    private static readonly string[] Methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_role_at_each_address_is_let_in_or_refused_as_the_table_says()
    {
        await using var fleet = await FleetHost.StartAsync();
        await SeedAsync(fleet);
        var askers = await AskersAsync(fleet);
        var lines = new List<string>();
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false });
        foreach (var (method, pattern, address) in Addresses(fleet))
        {
            var answers = new List<string>();
            foreach (var (_, token) in askers) answers.Add(await AskAsync(http, new Uri(fleet.Http.BaseAddress!, address), method, token));
            lines.Add($"{method,-6} {pattern,-70} {string.Join(' ', answers)}");
        }
        var head = $"# y: let in, n: 403, -: 401, /: sent to the sign-in page, 0: not there for whoever asks, x: nobody has said what it needs. {string.Join(' ', askers.Select(asker => asker.Name))}";
        string[] found = [head, .. lines.Order(StringComparer.Ordinal)];
        var expected = Path.Combine(AppContext.BaseDirectory, File);
        await System.IO.File.WriteAllLinesAsync(fleet.InFolder(File), found, Cancel);
        // To take over a change that was meant: CVOPS_ACCEPT_MATRIX=path of the file in the sources.
        if (Environment.GetEnvironmentVariable("CVOPS_ACCEPT_MATRIX") is { } accepted) System.IO.File.Copy(fleet.InFolder(File), accepted, overwrite: true);
        Assert.Equal(await System.IO.File.ReadAllLinesAsync(expected, Cancel), found);
    }

    [Fact]
    public async Task Every_address_says_what_it_needs_and_none_is_in_the_table_that_is_not_there()
    {
        await using var fleet = await FleetHost.StartAsync();
        var there = Endpoints(fleet).SelectMany(endpoint => MethodsOf(endpoint).Select(method => (Endpoint: endpoint, Method: method))).ToArray();
        Assert.Empty(there.Where(pair => AccessGate.NeedsOf(pair.Endpoint, pair.Method) is null).Select(pair => $"{pair.Method} {pair.Endpoint.RoutePattern.RawText}"));
        var addresses = there.Select(pair => $"{pair.Method} /{pair.Endpoint.RoutePattern.RawText!.Trim('/')}").ToHashSet(StringComparer.Ordinal);
        Assert.All(AddressTable.Addresses, address => Assert.Contains(address, addresses));
    }

    [Fact]
    public void An_address_that_nobody_said_anything_about_needs_nothing_that_anybody_has() =>
        Assert.Null(AccessGate.NeedsOf(new RouteEndpoint(_ => Task.CompletedTask, RoutePatternFactory.Parse("/api/v1/new"), 0, EndpointMetadataCollection.Empty, "new"), "GET"));

    private static async Task<string> AskAsync(HttpClient http, Uri address, string method, string? token)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), address);
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        // Nothing that any handler takes: whoever is let in is told so by another answer than a refusal's.
        if (method != "GET") request.Content = new StringContent("?", Encoding.UTF8, "application/json");
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        var gate = answer.Content.Headers.ContentType?.MediaType is "application/problem+json" or "application/json" && answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden
            ? await answer.Content.ReadAsStringAsync(Cancel) : "";
        return answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized when answer.Headers.WwwAuthenticate.Count > 0 => "-",
            HttpStatusCode.Redirect when method == "GET" && answer.Headers.Location!.ToString().StartsWith("/sign-in", StringComparison.Ordinal) => "/",
            HttpStatusCode.Forbidden when gate.Contains("\"Not allowed\"", StringComparison.Ordinal) || gate.Contains("PERMISSION_DENIED", StringComparison.Ordinal) => "n",
            HttpStatusCode.Forbidden when gate.Contains("Nobody has said", StringComparison.Ordinal) => "x",
            HttpStatusCode.NotFound when gate.Contains("on the sites of", StringComparison.Ordinal) => "0",
            _ => "y",
        };
    }

    private static async Task<(string Name, string? Token)[]> AskersAsync(FleetHost fleet)
    {
        var tokens = fleet.Services.GetRequiredService<ApiTokens>();
        var database = fleet.Services.GetRequiredService<Database>();
        var askers = new List<(string, string?)> { ("nobody", null), ("wrong", "cvops_0123456789_no") };
        foreach (var role in Enum.GetValues<Role>())
            foreach (var site in (string?[])[null, Site, "berlin"])
            {
                if (site is not null && role is not (Role.Viewer or Role.Operator or Role.Admin)) continue;
                var name = $"{role.ToString().ToLowerInvariant()}{(site is null ? "" : $"@{site}")}";
                var account = await database.WriteAsync(connection => AccountTable.Add(connection, name, [new RoleGrant(role, site)], "tester", DateTimeOffset.UtcNow), Cancel);
                askers.Add((name, await MakeAsync(account.Principal, Roles.Each(account.Principal.Permissions))));
            }
        foreach (var scope in Roles.Each(Roles.All | Permission.ActFor)) askers.Add(($"token:{scope}", await MakeAsync(LocalToken.Principal, [scope])));
        return [.. askers];

        async Task<string> MakeAsync(Principal who, IReadOnlyList<Permission> scopes) => (await tokens.MakeAsync(new ApiTokenRequest("matrix", scopes), who, Cancel)).Made!.Text;
    }

    /// <summary>A device, a frame and a rollout at one site.</summary>
    private static Task<int> SeedAsync(FleetHost fleet) => fleet.Services.GetRequiredService<Database>().WriteAsync(connection => connection.Execute(
        """
        INSERT INTO devices (id, site, online, last_seen) VALUES ('press-1', 'ulm', 1, 1);
        INSERT INTO frames (id, device, camera, captured_at, stored_at, image, body) VALUES ('frame-1', 'press-1', 'top', 1, 1, 'none', '{}');
        INSERT INTO rollout_device (rollout, device, site, ring, place, state, held, changed_at) VALUES ('rollout-1', 'press-1', 'ulm', 0, 0, 'Waiting', 0, 1);
        """), Cancel);

    private static IEnumerable<RouteEndpoint> Endpoints(FleetHost fleet) => fleet.Services.GetRequiredService<IEnumerable<EndpointDataSource>>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
        .Where(endpoint => endpoint.RoutePattern.RawText is { } text && !text.StartsWith("/_", StringComparison.Ordinal) && !text.StartsWith('_')).DistinctBy(endpoint => (endpoint.RoutePattern.RawText, string.Join(',', MethodsOf(endpoint))));

    private static string[] MethodsOf(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { Count: > 0 } methods ? [.. methods.Where(Methods.Contains)] : Methods;

    private static IEnumerable<(string Method, string Pattern, string Address)> Addresses(FleetHost fleet) =>
        from endpoint in Endpoints(fleet)
        from method in MethodsOf(endpoint)
        let pattern = "/" + endpoint.RoutePattern.RawText!.Trim('/')
        // A stream that never ends by itself says by its first bytes that it is open.
        select (method, pattern, string.Concat(endpoint.RoutePattern.PathSegments.Select(segment => "/" + string.Concat(segment.Parts.Select(part => part switch
        {
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternParameterPart { Name: "row" } => "1",
            RoutePatternParameterPart { Name: "site" } => Site,
            RoutePatternParameterPart { Name: "frame" or "Frame" } => "frame-1",
            RoutePatternParameterPart { Name: "device" or "Device" } => "press-1",
            RoutePatternParameterPart { Name: "id" or "Id" } => pattern.Contains("/frames/", StringComparison.Ordinal) || pattern.StartsWith("/labels/", StringComparison.Ordinal) ? "frame-1" : pattern.Contains("/rollouts/", StringComparison.Ordinal) ? "rollout-1" : "press-1",
            _ => "x",
        })))) is { Length: > 0 } path ? path : "/");
}
