using System.Text.Json.Nodes;
using CvOps.Contracts;
using CvOps.Contracts.Schemas;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Contracts.Schemas;

public sealed class SchemaTests
{
    [Fact]
    public async Task Every_example_and_every_golden_file_is_what_its_schema_says()
    {
        var examples = TopicCatalog.All.SelectMany(rule => JsonNode.Parse(ContractDocuments.Schema(rule.Message.Name)!)!["examples"]!.AsArray()
            .Select((example, i) => (rule.Message.Name, $"{rule.Message.Name} example {i}", example!.ToJsonString()))).ToList();
        var golden = TopicCatalog.All.SelectMany(rule => ContractFiles.Golden(rule.Message).Select(file => (rule.Message.Name, Path.GetFileName(file), File.ReadAllText(file))));
        var least = TopicCatalog.All.Select(rule => (rule.Message.Name, File: TestData.InRepository("tests", "data", "golden", "least", rule.Message.Name + ".json"))).Where(one => File.Exists(one.File))
            .Select(one => (one.Name, $"least {one.Name}", File.ReadAllText(one.File)));
        Assert.NotEmpty(examples);
        Assert.Equal("", await SchemaValidator.MistakesAsync(examples.Concat(golden).Concat(least), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("confidence", "\"NaN\"")]
    [InlineData("confidence", "\"-Infinity\"")]
    [InlineData("confidence", "0.5")]
    [InlineData("class", "\"scratch\"")]
    [InlineData("ofTheFuture", "{\"a\":[1]}")]
    public async Task What_a_device_may_write_is_accepted(string field, string value) => Assert.Equal("", await MistakesAsync(field, value));

    [Theory]
    [InlineData("confidence", "1.5", "must be <= 1")]
    [InlineData("confidence", "\"high\"", "must match pattern")]
    [InlineData("reject", "1", "must be boolean")]
    [InlineData("class", "null", "must be string")]
    [InlineData("detections", "[{\"class\":\"a\"}]", "must have required property 'score'")]
    public async Task What_no_device_writes_is_named(string field, string value, string mistake) => Assert.Contains(mistake, await MistakesAsync(field, value), StringComparison.Ordinal);

    [Fact]
    public async Task Names_digests_times_and_enums_have_their_form()
    {
        var report = JsonNode.Parse(File.ReadAllText(ContractFiles.Golden(typeof(InspectionReport)).First()))!;
        report["camera"] = "cam/1";
        report["capturedAt"] = "yesterday";
        report["timeSource"] = "Guessed";
        report["model"]!["digest"] = "ABC";
        report.AsObject().Remove("timings");
        var mistakes = await SchemaValidator.MistakesAsync([(nameof(InspectionReport), "it", report.ToJsonString())], TestContext.Current.CancellationToken);
        Assert.All(["it/camera", "it/capturedAt", "it/timeSource", "it/model/digest", "'timings'"], part => Assert.Contains(part, mistakes, StringComparison.Ordinal));
    }

    [Fact, Trait("tier", "slow")]
    public async Task AsyncAPIs_own_parser_finds_no_fault_with_the_document() => Assert.Equal(
        $"{TopicCatalog.All.Count} channels, {TopicCatalog.All.Count} operations\n", await NodePackages.RunAsync("asyncapi", "check.mjs", ContractDocuments.AsyncApi, TestContext.Current.CancellationToken));

    /// <param name="field">Of the prediction of an inspection that is right otherwise.</param>
    private static Task<string> MistakesAsync(string field, string value)
    {
        var report = JsonNode.Parse(File.ReadAllText(ContractFiles.Golden(typeof(InspectionReport)).First()))!;
        report["prediction"]![field] = JsonNode.Parse(value);
        return SchemaValidator.MistakesAsync([(nameof(InspectionReport), "it", report.ToJsonString())], TestContext.Current.CancellationToken);
    }
}
