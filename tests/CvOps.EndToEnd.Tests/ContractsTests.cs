using System.Text.Json.Nodes;
using CvOps.Testing;

namespace CvOps.EndToEnd.Tests;

public sealed class ContractsTests
{
    [Fact]
    public async Task The_contract_is_printed_without_fleet_or_repository()
    {
        using var folder = new TestFolder();
        var document = await RunAsync(0, "contracts", "asyncapi");
        await File.WriteAllTextAsync(folder["asyncapi.json"], document, TestContext.Current.CancellationToken);

        Assert.Equal("3.0.0", (string?)JsonNode.Parse(document)!["asyncapi"]);
        Assert.Equal("urn:cvops:v1:InspectionReport", (string?)JsonNode.Parse(await RunAsync(0, "contracts", "schema", "inspection"))!["$id"]);
        Assert.Contains("cvops/v1/{site}/{device}/status", await RunAsync(0, "contracts", "list"), StringComparison.Ordinal);
        Assert.Contains("Nothing is broken", await RunAsync(0, "contracts", "compare", folder["asyncapi.json"]), StringComparison.Ordinal);
        Assert.Contains("there are Alert", await RunAsync(78, "contracts", "schema", "nothing"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_contract_that_had_more_is_said_to_be_broken()
    {
        using var folder = new TestFolder();
        var document = JsonNode.Parse(await RunAsync(0, "contracts", "asyncapi"))!;
        document["components"]!["schemas"]!["Prediction"]!["properties"]!["severity"] = new JsonObject { ["type"] = "number" };
        await File.WriteAllTextAsync(folder["earlier.json"], document.ToJsonString(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder["other.json"], "{}", TestContext.Current.CancellationToken);

        Assert.Contains("inspection.prediction.severity is gone.", await RunAsync(1, "contracts", "compare", folder["earlier.json"]), StringComparison.Ordinal);
        Assert.Contains("no AsyncAPI 3 document", await RunAsync(78, "contracts", "compare", folder["other.json"]), StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(int code, params string[] arguments)
    {
        await using var cvops = Cvops.Start(arguments);
        Assert.Equal(code, await cvops.WaitForExitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        return cvops.Output;
    }
}
