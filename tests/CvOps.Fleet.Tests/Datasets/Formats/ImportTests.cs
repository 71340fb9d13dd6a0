using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Tests.Datasets.Formats;

public sealed class ImportTests
{
    private const string Coco = """
        {"annotations":[{"id":1,"image_id":7,"category_id":3,"bbox":[1,2,3,4],"area":12,"iscrowd":0,"segmentation":[]},
                        {"id":2,"image_id":7,"category_id":3,"bbox":[1,2,3,4],"segmentation":[[1,1,8,1,8,8]]}],
         "images":[{"id":7,"file_name":"a.jpg","width":16,"height":16},{"id":8,"file_name":"b.jpg","width":16,"height":16}],
         "categories":[{"id":3,"name":"dent"}]}
        """;

    private static readonly (string Mistake, string Coco, string Finding)[] Mistakes =
    [
        ("missing image", Coco.Replace("b.jpg", "c.jpg", StringComparison.Ordinal), "The picture 'c.jpg' is missing"),
        ("unknown class", Coco.Replace("\"category_id\":3,\"bbox\":[1,2,3,4],\"area\"", "\"category_id\":4,\"bbox\":[1,2,3,4],\"area\"", StringComparison.Ordinal), "There is no category 4"),
        ("duplicate image", Coco.Replace("\"id\":8", "\"id\":7", StringComparison.Ordinal), "Two images have the id 7"),
        ("duplicate annotation", Coco.Replace("{\"id\":2", "{\"id\":1", StringComparison.Ordinal), "Two annotations have the id 1"),
        ("annotation of no image", Coco.Replace("{\"id\":2,\"image_id\":7", "{\"id\":2,\"image_id\":70", StringComparison.Ordinal), "There is no image 70"),
        ("same picture twice", Coco.Replace("b.jpg", "a.jpg", StringComparison.Ordinal), "The same picture is at"),
        ("another size", Coco.Replace("\"a.jpg\",\"width\":16", "\"a.jpg\",\"width\":32", StringComparison.Ordinal), "It is said to be 32x16 pixels"),
        ("cut off", Coco[..^20], "This is no COCO"),
        ("no box", Coco.Replace("[1,2,3,4],\"area\"", "[1,2,0,4],\"area\"", StringComparison.Ordinal), "neither an outline nor a 'bbox'"),
        ("no list", """{"images":{}}""", "'images' is a list"),
        ("empty", """{"images":[],"annotations":[],"categories":[]}""", "It names no picture"),
    ];

    [Fact]
    public async Task A_coco_set_becomes_frames_a_snapshot_of_them_comes_back_and_a_second_import_changes_nothing()
    {
        await using var fleet = await FleetHost.StartAsync();
        var zip = Zip(("annotations/instances.json", Coco), ("images/a.jpg", Jpeg("a")), ("images/b.jpg", Jpeg("b")));
        var tried = await ImportAsync(fleet, zip, "?dryRun=true&by=tester");
        Assert.Equal((false, 2, 0), (tried.Written, tried.Added, await FramesAsync(fleet)));

        var report = await ImportAsync(fleet, zip);
        Assert.Equal((DatasetFormat.Coco, true, 2, 2), (report.Format, report.Written, report.Pictures, report.Added));
        var frames = (await PageAsync(fleet)).Frames.OrderBy(frame => frame.Label!.Boxes.Count).ToArray();
        Assert.Equal((0, 1, 1), (frames[0].Label!.Boxes.Count, frames[1].Label!.Boxes.Count, frames[1].Label!.Polygons!.Count));
        Assert.Equal((2, false), ((await ImportAsync(fleet, zip)).Unchanged, Directory.EnumerateFileSystemEntries(Path.Combine(fleet.Options.Data, "imports")).Any()));

        var snapshot = await FreezeAsync(fleet);
        foreach (var format in Enum.GetNames<DatasetFormat>())
        {
            var export = await fleet.Http.GetByteArrayAsync($"datasets/{snapshot.Digest}/export?format={format}", TestContext.Current.CancellationToken);
            var again = await ImportAsync(fleet, export, $"?format={format}&by=tester");
            Assert.Equal((format, format == "Folders" ? 0 : 2, 0), (format, again.Unchanged, again.Added));
        }
        var audit = await fleet.Http.GetFromJsonAsync("audit", ContractsJson.Default.AuditPage, TestContext.Current.CancellationToken);
        Assert.Contains("2 added", audit!.Entries.First(entry => entry.Action == "frames.imported").Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_that_come_back_without_pictures_find_their_frames_and_replace_the_old_ones_only_when_told_to()
    {
        await using var fleet = await FleetHost.StartAsync();
        await ImportAsync(fleet, Zip(("annotations/instances.json", Coco), ("images/a.jpg", Jpeg("a")), ("images/b.jpg", Jpeg("b"))));
        var snapshot = await FreezeAsync(fleet);
        var file = await fleet.Http.GetStringAsync($"datasets/{snapshot.Digest}/export?format=coco&images=false", TestContext.Current.CancellationToken);
        var corrected = file.Replace("[1,2,3,4]", "[1,2,3,5]", StringComparison.Ordinal);

        var refused = await ImportAsync(fleet, Encoding.UTF8.GetBytes(corrected));
        Assert.False(refused.Written);
        Assert.Contains("another label", Assert.Single(refused.Findings).What, StringComparison.Ordinal);

        var report = await ImportAsync(fleet, Encoding.UTF8.GetBytes(corrected), "?by=tester&relabel=true");
        Assert.Equal((true, 1, 1), (report.Written, report.Relabelled, report.Unchanged));
        Assert.Equal(5, (await PageAsync(fleet)).Frames.Single(frame => frame.Label!.Boxes.Count == 1).Label!.Boxes[0].Height);
    }

    [Fact]
    public async Task A_set_with_a_mistake_is_refused_as_a_whole_with_the_place_and_what_to_do()
    {
        await using var fleet = await FleetHost.StartAsync();
        foreach (var (mistake, coco, finding) in Mistakes)
        {
            var report = await ImportAsync(fleet, Zip(("annotations/instances.json", coco), ("images/a.jpg", Jpeg("a")), ("images/b.jpg", Jpeg("b"))));
            Assert.False(report.Written, mistake);
            Assert.Contains(report.Findings, found => found.What.Contains(finding, StringComparison.Ordinal) && found.Where.Length > 0 && found.Do.Length > 0);
            Assert.Equal(0, await FramesAsync(fleet));
            Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(fleet.Options.Data, "imports")));
        }
    }

    [Fact]
    public async Task Archives_that_are_no_datasets_are_refused_and_nothing_is_left()
    {
        await using var fleet = await FleetHost.StartAsync();
        async Task RefusedAsync(byte[] upload, string finding)
        {
            var report = await ImportAsync(fleet, upload);
            Assert.False(report.Written);
            Assert.Contains(report.Findings, found => found.Level == FindingLevel.Error && found.What.Contains(finding, StringComparison.Ordinal));
            Assert.Equal(0, await FramesAsync(fleet));
            Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(fleet.Options.Data, "imports")));
        }

        await RefusedAsync(Zip(("instances.json", new byte[64 << 20])), "zip bomb");
        await RefusedAsync(Zip(("../../etc/x.jpg", Jpeg("a")), ("instances.json", Coco)), "leaves the archive's folder");
        await RefusedAsync(Zip(("C:\\x.jpg", Jpeg("a"))), "leaves the archive's folder");
        await RefusedAsync(Zip(("instances.json", Coco), ("instances.json", Coco)), "two files of this name");
        await RefusedAsync(Zip(("instances.json", Coco), ("a.jpg", Jpeg("a")), ("b.jpg", Jpeg("b")[..60])), "no size can be read");
        await RefusedAsync(Zip(("instances.json", Coco), ("a.jpg", Jpeg("a")), ("b.jpg", Jpeg("b")[..^2])), "cut off");
        await RefusedAsync(Zip(("readme.md", "hello")), "Nobody can tell its format");
        await RefusedAsync(Zip(("instances.json", Coco))[..300], "");
        await RefusedAsync([], "It is empty");
    }

    [Fact]
    public async Task An_archive_that_unpacks_to_more_than_its_directory_says_is_refused()
    {
        await using var fleet = await FleetHost.StartAsync();
        var zip = Zip(("instances.json", Coco + new string(' ', 5000)));
        // The directory's word for the length; the packed bytes stay as they are.
        var directory = zip.AsSpan().LastIndexOf("PK\u0001\u0002"u8);
        BitConverter.TryWriteBytes(zip.AsSpan(directory + 24), 100);
        var report = await ImportAsync(fleet, zip);
        Assert.False(report.Written);
        Assert.Equal(1, report.Errors);
        Assert.Equal(0, await FramesAsync(fleet));
    }

    [Fact]
    public async Task Golden_pictures_need_a_label_and_a_frame_that_was_for_training_never_becomes_golden()
    {
        await using var fleet = await FleetHost.StartAsync();
        const string yaml = "names: [dent]";
        var zip = Zip(("d/data.yaml", yaml), ("d/images/train/a.jpg", Jpeg("a")), ("d/labels/train/a.txt", "0 0.5 0.5 0.5 0.5\n"), ("d/images/train/b.jpg", Jpeg("b")));
        Assert.Contains((await ImportAsync(fleet, zip, "?use=golden&by=tester")).Findings, found => found.What.Contains("golden frame needs its label", StringComparison.Ordinal));
        var report = await ImportAsync(fleet, zip);
        Assert.Equal((DatasetFormat.Yolo, 2, 1), (report.Format, report.Added, report.Warnings));
        Assert.Equal(new LabelBox("dent", 4, 4, 8, 8), (await PageAsync(fleet)).Frames.Single(frame => frame.State == LabelState.Labelled).Label!.Boxes.Single());
        Assert.Contains((await ImportAsync(fleet, zip, "?use=golden&by=tester")).Findings, found => found.What.Contains("used for Training; that stays", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_line_of_yolo_that_is_none_is_named()
    {
        await using var fleet = await FleetHost.StartAsync();
        foreach (var (line, finding) in new[]
        {
            ("1 0.5 0.5 0.5 0.5", "There is no class 1"), ("0 320 240 100 50", "divides them by the picture's width"), ("0 0.5 0.5 x 0.5", "'x' is no number"),
            ("0 0.5 0.5 0.5", "It has 4 numbers"), ("0 0.5 0.5 0 0.5", "no width or no height"),
        })
        {
            var report = await ImportAsync(fleet, Zip(("data.yaml", "names:\n  0: dent\n"), ("images/a.jpg", Jpeg("a")), ("labels/a.txt", "0 0.5 0.5 0.5 0.5\n" + line)));
            Assert.False(report.Written);
            var found = Assert.Single(report.Findings);
            Assert.Equal("labels/a.txt, line 2", found.Where);
            Assert.Contains(finding, found.What, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Words_that_are_no_format_or_use_are_answered_with_those_there_are()
    {
        await using var fleet = await FleetHost.StartAsync();
        var answer = await fleet.Http.PostAsync("frames/import?format=cocoa&by=tester", new ByteArrayContent([]), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("coco, yolo, voc, cvat, labelstudio, folders, csv", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.GetAsync($"datasets/{new string('0', 64)}/export?format=coco", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await fleet.Http.GetAsync($"datasets/{new string('0', 64)}/export?format=coco&use=some", TestContext.Current.CancellationToken)).StatusCode);
    }

    private static byte[] Jpeg(string name) => TestPictures.Jpeg(name);

    private static byte[] Zip(params (string Name, object Content)[] files)
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(content as byte[] ?? Encoding.UTF8.GetBytes((string)content));
            }
        }
        return stream.ToArray();
    }

    private static async Task<ImportReport> ImportAsync(FleetHost fleet, byte[] upload, string query = "?by=tester")
    {
        var answer = await fleet.Http.PostAsync("frames/import" + query, new ByteArrayContent(upload), TestContext.Current.CancellationToken);
        var lines = (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonSerializer.Deserialize(lines[^1], ContractsJson.Default.ImportLine)!.Report!;
    }

    private static async Task<FramePage> PageAsync(FleetHost fleet) => (await fleet.Http.GetFromJsonAsync("frames", ContractsJson.Default.FramePage, TestContext.Current.CancellationToken))!;

    private static async Task<int> FramesAsync(FleetHost fleet) => (await PageAsync(fleet)).Frames.Count;

    private static async Task<DatasetView> FreezeAsync(FleetHost fleet)
    {
        var answer = await fleet.Http.PostAsJsonAsync("datasets", new SnapshotRequest("set", "tester"), ContractsJson.Default.SnapshotRequest, TestContext.Current.CancellationToken);
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.DatasetView, TestContext.Current.CancellationToken))!;
    }
}
