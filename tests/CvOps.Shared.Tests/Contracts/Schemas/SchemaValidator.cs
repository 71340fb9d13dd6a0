using System.Text.Json.Nodes;
using CvOps.Contracts;
using CvOps.Contracts.Schemas;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Contracts.Schemas;

/// <summary>Ajv, a JSON Schema implementation that is not ours, on the schemas we give out.</summary>
internal static class SchemaValidator
{
    /// <param name="documents">Record, name for the message, document.</param>
    /// <returns>A line for each mistake; "" when all is well.</returns>
    public static Task<string> MistakesAsync(IEnumerable<(string Record, string Name, string Json)> documents, CancellationToken cancellationToken)
    {
        var input = new JsonObject
        {
            ["schemas"] = new JsonArray([.. ContractDocuments.Names.Select(name => JsonNode.Parse(ContractDocuments.Schema(name)!))]),
            ["documents"] = new JsonArray([.. documents.Select(one => (JsonNode)new JsonObject { ["schema"] = TopicCatalog.SchemaIdOf(one.Record), ["name"] = one.Name, ["document"] = JsonNode.Parse(one.Json) })]),
        };
        return NodePackages.RunAsync("json-schema", "validate.cjs", input.ToJsonString(), cancellationToken);
    }
}
