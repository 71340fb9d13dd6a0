using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CvOps.Contracts;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Contracts.Schemas;

/// <summary>The files that <c>shared/CvOps.Contracts/Schemas</c> must hold, made of the code as it is.</summary>
internal static class ContractFiles
{
    // Only JSON is ever made of these: what HTML needs escaped may stay readable.
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    public static string Folder => TestData.InRepository("shared", "CvOps.Contracts", "Schemas");

    /// <summary>By file name.</summary>
    public static IReadOnlyDictionary<string, string> Make()
    {
        var schemas = TopicCatalog.All.Select(rule => rule.Message).Distinct().ToDictionary(record => record.Name, record => SchemaMaker.Of(record, Examples(record)));
        var files = schemas.ToDictionary(one => one.Key + ".schema.json", one => Text(one.Value));
        files["asyncapi.json"] = Text(AsyncApiMaker.Of(schemas));
        return files;
    }

    private static IEnumerable<JsonNode> Examples(Type record) => Golden(record).Select(file => JsonNode.Parse(File.ReadAllText(file))!);

    /// <summary>The golden files of a record: <c>Record.json</c> and those whose name goes on, <c>RecordWithMore.json</c>.</summary>
    public static IEnumerable<string> Golden(Type record) => Directory.GetFiles(TestData.InRepository("tests", "data", "golden"), "*.json").Where(file => Owner(file) == record).Order(StringComparer.Ordinal);

    private static Type? Owner(string file) => TopicCatalog.All.Select(rule => rule.Message)
        .Where(record => Path.GetFileName(file).StartsWith(record.Name, StringComparison.Ordinal)).MaxBy(record => record.Name.Length);

    private static string Text(JsonNode document) => document.ToJsonString(Indented) + "\n";
}
