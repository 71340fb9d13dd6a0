using System.Text;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Contracts;

/// <summary>
/// The wire, frozen: <c>tests/data/golden</c> holds each record with every field, <c>golden/least</c> with those alone that the first version
/// had to have. A file is never rewritten: fields are only added, and a device in the field may be years old.
/// </summary>
public sealed class GoldenFileTests
{
    public static TheoryData<string> Kinds => [.. WireSamples.All.Keys];

    [Theory, MemberData(nameof(Kinds))]
    public void A_record_is_written_as_it_always_was(string kind) =>
        Assert.Equal(Text(Golden(kind)), Encoding.UTF8.GetString(WireSamples.All[kind].Write()));

    [Theory, MemberData(nameof(Kinds))]
    public void A_record_comes_back_with_nothing_lost(string kind) =>
        Assert.Equal(Text(Golden(kind)), Encoding.UTF8.GetString(WireSamples.All[kind].Rewrite(Golden(kind))));

    [Theory, MemberData(nameof(Kinds))]
    public void A_field_of_the_future_is_passed_over(string kind)
    {
        var newer = "{\"ofTheFuture\":{\"a\":[1]}," + Text(Golden(kind))[1..];
        Assert.Equal(Text(Golden(kind)), Encoding.UTF8.GetString(WireSamples.All[kind].Rewrite(Encoding.UTF8.GetBytes(newer))));
    }

    [Theory]
    [InlineData(nameof(InspectionReport))]
    [InlineData(nameof(SampledFrame))]
    [InlineData(nameof(CvOps.Contracts.Twin.TwinDesired))]
    [InlineData(nameof(CvOps.Contracts.Twin.TwinReported))]
    [InlineData(nameof(CvOps.Contracts.Twin.Command))]
    [InlineData(nameof(ModelManifest))]
    [InlineData(nameof(ReferenceProfile))]
    [InlineData(nameof(Lineage))]
    public void A_document_without_what_may_be_absent_is_read(string kind)
    {
        var least = File.ReadAllBytes(TestData.InRepository("tests", "data", "golden", "least", kind + ".json"));
        var once = WireSamples.All[kind].Rewrite(least);
        Assert.Equal(Text(once), Text(WireSamples.All[kind].Rewrite(once)));
        Assert.DoesNotContain("null", Text(once), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_absent_has_its_default()
    {
        var report = Read(nameof(InspectionReport), ContractsJson.Default.InspectionReport);
        Assert.Equal((null, null, null), (report.Part, report.Shadow, report.Error));
        Assert.Empty(report.Prediction.Detections);
        var frame = Read(nameof(SampledFrame), ContractsJson.Default.SampledFrame);
        Assert.Equal((0, 0, null), (frame.Frame, frame.Connection, frame.InclusionProbability));
        Assert.Null(Read(nameof(CvOps.Contracts.Twin.TwinDesired), ContractsJson.Default.TwinDesired).Model);
        Assert.Null(Read(nameof(CvOps.Contracts.Twin.Command), ContractsJson.Default.Command).Arguments);
        var manifest = Read(nameof(ModelManifest), ContractsJson.Default.ModelManifest);
        Assert.Equal((1, 0.4, ChannelOrder.Rgb), (manifest.Format, manifest.Decoder.ScoreThreshold, manifest.Input.Channels));
        Assert.Equal(new Lineage(), Read(nameof(Lineage), ContractsJson.Default.Lineage));

        static T Read<T>(string kind, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
            System.Text.Json.JsonSerializer.Deserialize(File.ReadAllBytes(TestData.InRepository("tests", "data", "golden", "least", kind + ".json")), type)!;
    }

    /// <summary>Run by hand once for a new record; leaves every file alone that is there.</summary>
    [Fact(Explicit = true)]
    public void Writes_the_files_that_are_missing()
    {
        foreach (var (name, kind) in WireSamples.All)
        {
            var path = TestData.InRepository("tests", "data", "golden", name + ".json");
            if (!File.Exists(path)) File.WriteAllBytes(path, [.. kind.Write(), (byte)'\n']);
        }
    }

    private static byte[] Golden(string kind) => File.ReadAllBytes(TestData.InRepository("tests", "data", "golden", kind + ".json")) is [.. var document, (byte)'\n']
        ? document
        : throw new InvalidDataException($"{kind}.json does not end with a line feed.");

    private static string Text(byte[] document) => Encoding.UTF8.GetString(document);
}
