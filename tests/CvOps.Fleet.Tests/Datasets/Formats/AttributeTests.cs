using System.IO.Compression;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Tests.Datasets.Formats;

/// <summary>What an import says of pictures beside their labels, and that slices are made of it.</summary>
[Trait("tier", "integration")]
public sealed class AttributeTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static readonly Dictionary<string, string> Exposed = new() { ["exposure"] = "6", ["lot, & more"] = "a=b; \"c\"" };

    [Theory]
    [InlineData(DatasetFormat.Coco)]
    [InlineData(DatasetFormat.Voc)]
    [InlineData(DatasetFormat.Cvat)]
    [InlineData(DatasetFormat.LabelStudio)]
    [InlineData(DatasetFormat.Csv)]
    public void Attributes_come_back_from_every_format_that_has_room_for_them(DatasetFormat format)
    {
        var (images, findings) = Sets.Through(format, [Sets.Image("a1") with { Class = "ok", Attributes = Exposed }, Sets.Image("a2") with { Class = "ok" }]);
        Assert.Equal(0, findings.Errors);
        Assert.Equal(Exposed.OrderBy(pair => pair.Key), images.Single(image => image.Frame == "a1").Attributes!.OrderBy(pair => pair.Key));
        Assert.Null(images.Single(image => image.Frame == "a2").Attributes);
    }

    [Fact]
    public async Task Columns_of_a_csv_are_taken_when_they_are_named_and_a_name_that_is_none_is_told()
    {
        await using var fleet = await FleetHost.StartAsync();
        const string csv = "file,class,exposure,serial\na.jpg,ok,1,x1\nb.jpg,dent,,x2\n";
        var zip = Zip(csv, "a", "b");
        Assert.Contains("no column 'lot'", Assert.Single((await ImportAsync(fleet, zip, "&attributes=lot")).Findings).What, StringComparison.Ordinal);
        var refused = await fleet.Http.PostAsync("frames/import?by=tester&attributes=camera", new ByteArrayContent(zip), Ct);
        Assert.Contains("every frame has that of its own", await refused.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);

        Assert.True((await ImportAsync(fleet, zip, "&attributes=Exposure")).Written);
        var frames = (await fleet.Http.GetFromJsonAsync("frames", ContractsJson.Default.FramePage, Ct))!.Frames;
        Assert.Equal("1", Assert.Single(frames.Single(frame => frame.Label!.Class == "ok").Attributes!).Value);
        Assert.Null(frames.Single(frame => frame.Label!.Class == "dent").Attributes);
    }

    /// <summary>Pictures with the answers of a model that is wrong under one exposure: the check of what was imported names the exposure, and a snapshot has its slices.</summary>
    [Fact]
    public async Task The_exposure_that_an_import_tells_is_found_as_the_slice_that_hurts()
    {
        await using var fleet = await FleetHost.StartAsync();
        var images = Enumerable.Range(0, 180).Select(i =>
        {
            var (truth, exposure) = (i % 2 == 0 ? "ok" : "dent", $"{1 + (i / 2 % 6)}");
            var wrong = exposure == "6" ? i % 3 > 0 : i % 29 == 0;
            return Sets.Image($"p{i:000}") with
            {
                Width = 16, Height = 16, Class = truth, Model = new ModelRef("line", "1", new string('b', 64)), Attributes = new Dictionary<string, string> { ["exposure"] = exposure },
                Prediction = new Prediction { Class = wrong ? (truth == "ok" ? "dent" : "ok") : truth, Confidence = 0.9, Margin = 0.8, Entropy = 0.1 },
            };
        }).ToArray();
        var path = fleet.InFolder("set.zip");
        Sets.Write(DatasetFormat.Coco, images, path);
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            foreach (var image in images)
            {
                await using var entry = zip.CreateEntry($"images/{image.Name}").Open();
                entry.Write(TestPictures.Jpeg(image.Name));
            }
        }
        Assert.True((await ImportAsync(fleet, await File.ReadAllBytesAsync(path, Ct), "")).Written);

        var check = await fleet.Http.PostAsync("quality/check", null, Ct);
        var report = JsonSerializer.Deserialize((await check.Content.ReadAsStringAsync(Ct)).Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], ContractsJson.Default.QualityLine)!.Report!;
        var exposureKind = report.Slices!.Kinds.Single(kind => kind.Kind == "exposure");
        Assert.True(exposureKind.Hurts);
        Assert.Equal("6", Assert.Single(exposureKind.Slices, slice => slice.Worse).Value);
        var finding = Assert.Single((await fleet.Http.GetFromJsonAsync("quality/findings?kind=Slice", ContractsJson.Default.FindingPage, Ct))!.Findings);
        Assert.Contains("Accuracy depends on exposure", finding.What, StringComparison.Ordinal);

        var frozen = await (await fleet.Http.PostAsJsonAsync("datasets", new SnapshotRequest("set", "tester"), ContractsJson.Default.SnapshotRequest, Ct)).Content.ReadFromJsonAsync(ContractsJson.Default.DatasetView, Ct);
        Assert.Equal(30, frozen!.Slices!.Single(slice => slice is { Kind: "exposure", Value: "6" }).Frames);
    }

    private static byte[] Zip(string csv, params string[] pictures)
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("labels.csv", Encoding.UTF8.GetBytes(csv));
            foreach (var picture in pictures) Add($"{picture}.jpg", TestPictures.Jpeg(picture));

            void Add(string name, byte[] content)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(content);
            }
        }
        return stream.ToArray();
    }

    private static async Task<ImportReport> ImportAsync(FleetHost fleet, byte[] upload, string query)
    {
        var answer = await fleet.Http.PostAsync($"frames/import?by=tester{query}", new ByteArrayContent(upload), Ct);
        return JsonSerializer.Deserialize((await answer.Content.ReadAsStringAsync(Ct)).Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], ContractsJson.Default.ImportLine)!.Report!;
    }
}
