using System.Text.Json.Nodes;

namespace CvOps.Fleet.Tests.Api;

public sealed class ApiComparisonTests
{
    private const string Document = """
        { "paths": { "/a": { "get": { "operationId": "getA", "parameters": [ { "name": "limit", "in": "query", "schema": { "type": "integer" } } ],
            "responses": { "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/A" } } } }, "404": {} } },
          "put": { "operationId": "setA", "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/A" } } } }, "responses": { "204": {} } } } },
          "components": { "schemas": { "A": { "type": "object", "required": [ "id" ], "properties": { "id": { "type": "string" }, "state": { "enum": [ "On", "Off" ] }, "list": { "type": "array", "items": { "type": "integer" } } } } } } }
        """;

    [Fact]
    public void The_same_document_breaks_nothing() => Assert.Empty(Breaks(_ => { }));

    [Theory]
    [InlineData("path", "The path /a is gone.")]
    [InlineData("operation", "PUT /a is gone.")]
    [InlineData("id", "GET /a was called getA and is readA now.")]
    [InlineData("parameter", "GET /a takes no the query parameter limit any more.")]
    [InlineData("needed parameter", "GET /a needs the query parameter site now.")]
    [InlineData("answer", "GET /a does not answer 200 any more.")]
    [InlineData("media", "application/json is gone from the body of PUT /a.")]
    [InlineData("record", "The record A is gone.")]
    [InlineData("field", "A lost the field state.")]
    [InlineData("value", "A.state lost the value Off.")]
    [InlineData("type", "A.id was string and is integer now.")]
    [InlineData("entry", "an entry of A.list was integer and is string now.")]
    [InlineData("required", "A needs the field state now.")]
    public void What_breaks_a_program_is_said_in_words(string change, string says) => Assert.Contains(says, Breaks(document =>
    {
        var schema = document["components"]!["schemas"]!["A"]!;
        var get = document["paths"]!["/a"]!["get"]!;
        switch (change)
        {
            case "path": document["paths"]!.AsObject().Remove("/a"); break;
            case "operation": document["paths"]!["/a"]!.AsObject().Remove("put"); break;
            case "id": get["operationId"] = "readA"; break;
            case "parameter": get["parameters"]!.AsArray().Clear(); break;
            case "needed parameter": get["parameters"]!.AsArray().Add(JsonNode.Parse("""{ "name": "site", "in": "query", "required": true }""")); break;
            case "answer": get["responses"]!.AsObject().Remove("200"); break;
            case "media": document["paths"]!["/a"]!["put"]!["requestBody"]!["content"]!.AsObject().Clear(); break;
            case "record": document["components"]!["schemas"]!.AsObject().Remove("A"); break;
            case "field": schema["properties"]!.AsObject().Remove("state"); break;
            case "value": schema["properties"]!["state"]!["enum"]!.AsArray().RemoveAt(1); break;
            case "type": schema["properties"]!["id"]!["type"] = "integer"; break;
            case "entry": schema["properties"]!["list"]!["items"]!["type"] = "string"; break;
            case "required": schema["required"]!.AsArray().Add("state"); break;
        }
    }));

    [Fact]
    public void Additions_break_nothing() => Assert.Empty(Breaks(document =>
    {
        document["paths"]!["/b"] = JsonNode.Parse("""{ "get": { "operationId": "getB", "responses": {} } }""");
        document["paths"]!["/a"]!["get"]!["parameters"]!.AsArray().Add(JsonNode.Parse("""{ "name": "site", "in": "query" }"""));
        document["components"]!["schemas"]!["A"]!["properties"]!["more"] = JsonNode.Parse("""{ "type": "string" }""");
        document["components"]!["schemas"]!["A"]!["properties"]!["state"]!["enum"]!.AsArray().Add("Broken");
        document["components"]!["schemas"]!["B"] = new JsonObject();
    }));

    private static IReadOnlyList<string> Breaks(Action<JsonNode> change)
    {
        var changed = JsonNode.Parse(Document)!;
        change(changed);
        return ApiComparison.Breaks(JsonNode.Parse(Document)!, changed);
    }
}
