using System.Net;
using System.Text.Json.Nodes;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api.Catalog;
using CvOps.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Api;

public sealed class ApiDocumentTests
{
    private static readonly string Stored = TestData.InRepository("fleet", "openapi.json");

    [Fact]
    public async Task Every_endpoint_is_in_the_catalogue_and_every_entry_of_it_is_an_endpoint()
    {
        await using var fleet = await FleetHost.StartAsync();
        var mapped = Endpoints(fleet).Select(endpoint => $"{Method(endpoint)} {endpoint.RoutePattern.RawText![ApiRoutes.Root.Length..]}").ToArray();
        Assert.True(mapped.Length > 80, $"only {mapped.Length} were found");
        Assert.Empty(mapped.Except(ApiCatalog.All.Select(operation => $"{operation.Method} {operation.Path}")).Select(address => $"{address} is not in the catalogue: add it to fleet/CvOps.Fleet/Api/Catalog with its summary and records."));
        Assert.Empty(ApiCatalog.All.Select(operation => $"{operation.Method} {operation.Path}").Except(mapped).Select(address => $"{address} is in the catalogue and nowhere mapped."));
        Assert.Empty(ApiCatalog.All.GroupBy(operation => operation.Id).Where(group => group.Count() > 1).Select(group => group.Key));
    }

    [Fact]
    public async Task Every_operation_of_the_document_says_what_it_does_answers_and_refuses()
    {
        await using var fleet = await FleetHost.StartAsync();
        var document = JsonNode.Parse(await ReadAsync(fleet))!;
        Assert.StartsWith("3.1", document["openapi"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("http", document["components"]!["securitySchemes"]!["bearer"]!["type"]!.GetValue<string>());
        var operations = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(method => (Name: $"{method.Key} {path.Key}", Operation: method.Value!))).ToArray();
        Assert.Equal(ApiCatalog.All.Count, operations.Length);
        foreach (var (name, operation) in operations)
        {
            Assert.False(string.IsNullOrWhiteSpace(operation["summary"]?.GetValue<string>()), name);
            Assert.False(string.IsNullOrWhiteSpace(operation["operationId"]?.GetValue<string>()), name);
            Assert.Single(operation["tags"]!.AsArray());
            var answers = operation["responses"]!.AsObject();
            var good = answers.Where(answer => answer.Key[0] == '2').ToArray();
            Assert.NotEmpty(good);
            Assert.All(good.Where(answer => answer.Key != "204"), answer => Assert.NotEmpty(answer.Value!["content"]!.AsObject()));
            var refusals = answers.Where(answer => answer.Key[0] is '4' or '5').ToArray();
            Assert.NotEmpty(refusals);
            Assert.All(refusals, answer => Assert.NotNull(answer.Value!["content"]!["application/problem+json"]));
            if (name.Contains('{', StringComparison.Ordinal)) Assert.Contains(operation["parameters"]!.AsArray(), parameter => parameter!["in"]!.GetValue<string>() == "path");
        }
        // No reference leads nowhere.
        foreach (var reference in References(document)) Assert.NotNull(document["components"]!["schemas"]![reference]);
    }

    [Fact]
    public async Task No_change_breaks_a_program_that_was_written_against_the_stored_document()
    {
        await using var fleet = await FleetHost.StartAsync();
        var current = await ReadAsync(fleet);
        var stored = await File.ReadAllTextAsync(Stored, TestContext.Current.CancellationToken);
        Assert.Empty(ApiComparison.Breaks(JsonNode.Parse(stored)!, JsonNode.Parse(current)!));
        Assert.True(current == stored, "The API has more than fleet/openapi.json says: 'make openapi' stores it anew.");
    }

    /// <summary>What <c>make openapi</c> runs.</summary>
    [Fact(Explicit = true)]
    public async Task Writes_what_the_code_says()
    {
        await using var fleet = await FleetHost.StartAsync();
        await File.WriteAllTextAsync(Stored, await ReadAsync(fleet), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_document_is_served_with_its_tag_and_the_page_shows_every_operation()
    {
        await using var fleet = await FleetHost.StartAsync();
        using var first = await fleet.Http.GetAsync(new Uri(fleet.Http.BaseAddress!, ApiDocument.Path), TestContext.Current.CancellationToken);
        Assert.Equal("application/json", first.Content.Headers.ContentType!.MediaType);
        using var again = new HttpRequestMessage(HttpMethod.Get, new Uri(fleet.Http.BaseAddress!, ApiDocument.Path));
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await fleet.Http.SendAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        var page = await fleet.Http.GetStringAsync(new Uri(fleet.Http.BaseAddress!, "/api"), TestContext.Current.CancellationToken);
        Assert.All(ApiCatalog.All, operation => Assert.Contains($"id=\"{operation.Id}\"", page, StringComparison.Ordinal));
    }

    private static IEnumerable<RouteEndpoint> Endpoints(FleetHost fleet) => fleet.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(endpoint => endpoint.RoutePattern.RawText?.StartsWith(ApiRoutes.Root + "/", StringComparison.Ordinal) == true && endpoint.Metadata.GetMetadata<HttpMethodMetadata>() is not null);

    private static string Method(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Single();

    private static Task<string> ReadAsync(FleetHost fleet) => fleet.Http.GetStringAsync(new Uri(fleet.Http.BaseAddress!, ApiDocument.Path), TestContext.Current.CancellationToken);

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject it => it.SelectMany(pair => pair.Key == "$ref" && pair.Value is JsonValue text && text.GetValue<string>().StartsWith("#/components/schemas/", StringComparison.Ordinal) ? [text.GetValue<string>().Split('/')[^1]] : References(pair.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };
}
