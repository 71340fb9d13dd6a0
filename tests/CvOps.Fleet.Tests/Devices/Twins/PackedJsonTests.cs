using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CvOps.Fleet.Devices.Twins;
using FsCheck;
using FsCheck.Fluent;
using TestData = CvOps.Testing.TestData;

namespace CvOps.Fleet.Tests.Devices.Twins;

public sealed class PackedJsonTests
{
    private static readonly byte[] Self = "line-1"u8.ToArray();

    public static TheoryData<string> Golden => [.. Directory.GetFiles(TestData.InRepository("tests", "data", "golden"), "*.json").Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Golden))]
    public void Every_document_that_crosses_the_wire_comes_back_the_same(string file)
    {
        var json = File.ReadAllBytes(Path.Combine(TestData.InRepository("tests", "data", "golden"), file));
        var packed = new PackedJson(new TextPool());
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), JsonNode.Parse(Again(packed, json))), $"{Encoding.UTF8.GetString(json)}\nbecame\n{Encoding.UTF8.GetString(Again(packed, json))}");
    }

    [Theory]
    [InlineData("0.1")]
    [InlineData("-0.0")]
    [InlineData("1.50")]
    [InlineData("-17")]
    [InlineData("1e-7")]
    [InlineData("9223372036854775807")]
    [InlineData("0.12345678901234567")]
    [InlineData("223")]
    [InlineData("224")]
    [InlineData("\"2026-05-04T12:00:00.1+00:00\"")]
    [InlineData("\"2026-05-04T12:00:00.100+00:00\"")]
    [InlineData("\"2026-05-04T12:00:00Z\"")]
    [InlineData("\"0001-01-01T00:00:00-12:30\"")]
    [InlineData("\"line-1\"")]
    [InlineData("\"\"")]
    [InlineData("[[],{},[{\"a\":[null,true,false]}]]")]
    public void Numbers_and_times_come_back_letter_by_letter(string json) =>
        Assert.Equal(json, Encoding.UTF8.GetString(Again(new PackedJson(new TextPool()), Encoding.UTF8.GetBytes(json))));

    [Fact]
    public void Whatever_texts_a_document_has_come_back_and_leave_the_pool_with_it() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNull<string>[]>(), texts =>
        {
            var pool = new TextPool();
            var packed = new PackedJson(pool);
            var json = JsonSerializer.SerializeToUtf8Bytes(texts.Select(text => text.Get).Concat(texts.Select(text => text.Get)));
            var writer = new PackedWriter();
            packed.Pack(json, Self, writer);
            var same = JsonNode.DeepEquals(JsonNode.Parse(json), JsonNode.Parse(Unpacked(packed, writer.Written)));
            packed.Release(writer.Written);
            return same && pool.Count == 0;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_many_documents_say_is_kept_once()
    {
        var packed = new PackedJson(new TextPool());
        var json = File.ReadAllBytes(Path.Combine(TestData.InRepository("tests", "data", "golden"), "DeviceHealth.json"));
        var writer = new PackedWriter();
        for (var i = 0; i < 3; i++)
        {
            writer.Clear();
            packed.Pack(json, Self, writer);
        }
        Assert.True(writer.Written.Length * 3 < json.Length, $"{writer.Written.Length} bytes of {json.Length}");
    }

    private static byte[] Again(PackedJson packed, byte[] json)
    {
        var writer = new PackedWriter();
        packed.Pack(json, Self, writer);
        return Unpacked(packed, writer.Written);
    }

    private static byte[] Unpacked(PackedJson packed, ReadOnlySpan<byte> bytes)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        packed.Unpack(bytes, Self, json);
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
