using System.Text.Json.Nodes;
using CvOps.Contracts.Schemas;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Contracts.Schemas;

public sealed class ContractComparisonTests
{
    private const string Prediction = "components/schemas/Prediction";

    public static TheoryData<string> Released => [.. Directory.GetFiles(TestData.InRepository("tests", "data", "contracts"), "*.asyncapi.json").Select(file => Path.GetFileName(file)!)];

    /// <summary>A file there is what programs were written against: it is added with a release and never changed.</summary>
    [Theory, MemberData(nameof(Released))]
    public void Nothing_that_was_released_is_broken(string file) => Assert.Empty(ContractComparison.Breaks(
        JsonNode.Parse(File.ReadAllText(TestData.InRepository("tests", "data", "contracts", file)))!, Today()));

    [Fact]
    public void A_contract_breaks_nothing_of_itself() => Assert.Empty(ContractComparison.Breaks(Today(), Today()));

    [Theory]
    [InlineData("channels", "inspection", null, "The topic cvops/v1/{site}/{device}/inspection/{camera} (inspection) is gone.")]
    [InlineData("channels/inspection", "address", "\"cvops/v2/{site}/{device}/inspection/{camera}\"", "inspection was published on cvops/v1/{site}/{device}/inspection/{camera} and is on cvops/v2/{site}/{device}/inspection/{camera}.")]
    [InlineData("channels/inspection/messages", "InspectionReport", null, "inspection carried InspectionReport and does no more.")]
    [InlineData("operations/status", "x-retained", "false", "status: the operation's x-retained was true and is false.")]
    [InlineData("operations/command", "action", "\"send\"", "command: the operation's action was \"receive\" and is \"send\".")]
    [InlineData(Prediction + "/properties", "margin", null, "inspection.prediction.margin is gone.")]
    [InlineData(Prediction + "/properties/reject", "type", "\"string\"", "inspection.prediction.reject was boolean and is string.")]
    [InlineData(Prediction, "required", "[\"reject\"]", "inspection.prediction.reject was optional and is required.")]
    [InlineData("components/schemas/Origin", "required", "[\"device\",\"boot\"]", "inspection.origin.sequence was always there and may be absent.")]
    [InlineData("components/schemas/CameraState", "enum", "[\"Connecting\",\"Live\",\"Lost\",\"Finished\"]", "health.cameras[].state lost its value \"Stale\".")]
    [InlineData("components/schemas/CameraState", "enum", null, "health.cameras[].state was one of [\"Connecting\",\"Live\",\"Stale\",\"Lost\",\"Finished\"] and may be anything.")]
    [InlineData(Prediction + "/properties/class", "enum", "[\"good\"]", "inspection.prediction.class could be anything and is one of [\"good\"].")]
    [InlineData("components/schemas/CameraHealth/properties/latencyMsP99", "x-unit", "\"s\"", "health.cameras[].latencyMsP99: x-unit was \"ms\" and is \"s\".")]
    [InlineData(Prediction + "/properties/confidence", "maximum", "100", "inspection.prediction.confidence: maximum was 1 and is 100.")]
    [InlineData(Prediction + "/properties/reject", "default", "true", "inspection.prediction.reject: default was false and is true.")]
    [InlineData("components/schemas/DriftWindow/properties/classes", "additionalProperties", "{\"type\":\"string\"}", "drift.classes.* was integer and is string.")]
    [InlineData("components/schemas/SampledFrame/properties/jpeg", "contentEncoding", null, "frame.jpeg: contentEncoding was \"base64\" and is absent.")]
    public void A_break_is_named_with_its_path(string at, string name, string? value, string sentence) => Assert.Contains(sentence, ContractComparison.Breaks(Today(), Changed(at, name, value)));

    [Fact]
    public void A_new_field_that_must_be_there_breaks_what_devices_in_the_field_send()
    {
        var today = Changed("components/schemas/Origin/properties", "line", """{"type":"string"}""");
        At(today, "components/schemas/Origin/required").AsArray().Add("line");

        Assert.Contains("inspection.origin.line is new and required: devices in the field do not send it.", ContractComparison.Breaks(Today(), today));
    }

    [Theory]
    [InlineData(Prediction + "/properties", "severity", """{"type":"number"}""")]
    [InlineData("components/schemas/CameraState", "enum", "[\"Connecting\",\"Live\",\"Stale\",\"Lost\",\"Finished\",\"Asleep\"]")]
    [InlineData("channels", "weather", """{"address":"cvops/v1/{site}/{device}/weather","messages":{}}""")]
    [InlineData(Prediction, "description", "\"In other words.\"")]
    [InlineData("info", "version", "\"9.9.9\"")]
    public void What_is_added_or_said_better_breaks_nothing(string at, string name, string value) => Assert.Empty(ContractComparison.Breaks(Today(), Changed(at, name, value)));

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"channels":{"a":{"address":"x","messages":{"M":{"$ref":"#/components/nowhere"}}}},"operations":{}}""")]
    public void What_is_no_document_is_refused(string text) =>
        Assert.Throws<FormatException>(() => ContractComparison.Breaks(JsonNode.Parse(text)!, JsonNode.Parse(text)!));

    [Fact]
    public void Schemas_that_refer_to_themselves_come_to_an_end()
    {
        var tree = JsonNode.Parse("""
            {"channels":{"a":{"address":"x","messages":{"M":{"payload":{"$ref":"#/components/schemas/Tree"}}}}},"operations":{},
             "components":{"schemas":{"Tree":{"type":"object","properties":{"left":{"$ref":"#/components/schemas/Tree"}}},"Ring":{"$ref":"#/components/schemas/Ring"}}}}
            """)!;
        Assert.Empty(ContractComparison.Breaks(tree, tree.DeepClone()));
    }

    /// <param name="value">Null: what stands there is taken out.</param>
    private static JsonNode Changed(string at, string name, string? value)
    {
        var document = Today();
        var target = At(document, at).AsObject();
        if (value is null) Assert.True(target.Remove(name));
        else target[name] = JsonNode.Parse(value);
        return document;
    }

    private static JsonNode At(JsonNode document, string path) => path.Split('/').Aggregate(document, (node, level) => node[level] ?? throw new InvalidDataException($"no {level} of {path}"));

    private static JsonNode Today() => JsonNode.Parse(ContractDocuments.AsyncApi)!;
}
