using System.Text.Json.Nodes;
using CvOps.Agent.Link.IotHub;
using FsCheck;
using FsCheck.Fluent;

namespace CvOps.Agent.Tests.Link.IotHub;

public sealed class TwinPatchTests
{
    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{"a":1,"b":3}""", """{"b":3}""")]
    [InlineData("""{"a":{"x":1,"y":2}}""", """{"a":{"x":1}}""", """{"a":{"y":null}}""")]
    [InlineData("""{"a":{"x":1}}""", """{}""", """{"a":null}""")]
    [InlineData("""{"a":1}""", """{"a":{"x":1,"y":null}}""", """{"a":{"x":1}}""")]
    [InlineData("""{"a":[1,2]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""{"a":1}""", """{"a":1}""", "{}")]
    public void A_patch_says_no_more_than_what_changed(string before, string after, string patch) =>
        Assert.Equal(patch, TwinPatch.Between(Parse(before), Parse(after)).ToJsonString());

    [Fact]
    public void A_patch_leads_from_any_document_to_any_other()
    {
        var documents = ArbMap.Default.GeneratorFor<int[]>().Select(Document).ToArbitrary();
        Prop.ForAll(documents, documents, (before, after) =>
        {
            var arrived = TwinPatch.Apply(before, TwinPatch.Between(before, after));
            return JsonNode.DeepEquals(arrived, after);
        }).QuickCheckThrowOnFailure();
    }

    /// <summary>Few names and values, so that two documents share many; objects in objects, lists and texts.</summary>
    private static JsonObject Document(int[] numbers)
    {
        var root = new JsonObject();
        var at = root;
        foreach (var number in numbers)
        {
            var name = ((char)('a' + Math.Abs(number % 4))).ToString();
            switch (Math.Abs(number / 4 % 5))
            {
                case 0:
                    at[name] = number % 3;
                    break;
                case 1:
                    at[name] = new JsonArray(1, "x", new JsonObject { ["y"] = number % 2 });
                    break;
                case 2:
                    at = root;
                    break;
                default:
                    if (at[name] is not JsonObject) at[name] = new JsonObject();
                    at = (JsonObject)at[name]!;
                    break;
            }
        }
        return root;
    }

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;
}
