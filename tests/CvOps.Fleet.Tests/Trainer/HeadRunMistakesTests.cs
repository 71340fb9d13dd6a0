using System.Text;
using CvOps.Contracts.Packages;
using CvOps.Trainer.Heads;
using CvOps.Vision;

namespace CvOps.Fleet.Tests.Trainer;

/// <summary>Runs that can't succeed, on the line model of this repository.</summary>
[Trait("tier", "integration")]
public sealed class HeadRunMistakesTests : IDisposable
{
    private static readonly string LineModel = Path.Combine(AppContext.BaseDirectory, "model", "line-v1.onnx");

    private static readonly ModelManifest Manifest = new()
    {
        Name = "line", Version = "v1", Task = ModelTask.Classification, Classes = ["ok", "scratch", "dent", "stain"],
        Input = new InputSpec { Name = "images", Width = 128, Height = 96, Channels = ChannelOrder.Grey },
        Decoder = new DecoderSpec { Kind = DecoderKind.Probabilities, Outputs = ["probabilities"], Embedding = "embedding" },
    };

    private readonly TrainingFolder _folder = new();

    public HeadRunMistakesTests() => _folder.SetParent(LineModel, Manifest);

    [Fact]
    public async Task Two_classes_that_can_be_told_apart_are_learned()
    {
        AddPictures();
        var (exit, lines) = await _folder.RunAsync();
        Assert.Equal(0, exit);
        Assert.Equal(1, lines.Single(line => line.Event == "metrics").Metrics!["trainAccuracy"]);
        Assert.True(File.Exists(_folder.Result));
    }

    [Fact]
    public Task One_class_only_fails()
    {
        for (var i = 0; i < 6; i++) _folder.Add(Grey(40 + i), "ok");
        return Fails("All 6 training frames are labelled 'ok'");
    }

    [Fact]
    public Task No_labelled_frame_fails()
    {
        _folder.Add(Grey(40), null);
        return Fails("no labelled frames");
    }

    [Fact]
    public Task A_class_the_parent_does_not_know_fails()
    {
        AddPictures();
        _folder.Add(Grey(90), "crack");
        return Fails("labelled 'crack', which the parent does not know");
    }

    [Fact]
    public Task A_parent_without_an_embedding_fails()
    {
        AddPictures();
        _folder.SetParent(LineModel, Manifest with { Decoder = Manifest.Decoder with { Embedding = null } });
        return Fails("has no embedding output");
    }

    [Fact]
    public Task A_parent_whose_embedding_is_not_there_fails()
    {
        AddPictures();
        _folder.SetParent(LineModel, Manifest with { Decoder = Manifest.Decoder with { Embedding = "features" } });
        return Fails("'features'");
    }

    [Fact]
    public Task A_detector_fails()
    {
        AddPictures();
        _folder.SetParent(LineModel, Manifest with { Task = ModelTask.Detection, Decoder = Manifest.Decoder with { Kind = DecoderKind.YoloV8 } });
        return Fails("Only a classifier can get a new head");
    }

    [Fact]
    public async Task A_parent_that_is_not_onnx_fails()
    {
        AddPictures();
        await File.WriteAllTextAsync(Path.Combine(_folder.Parent, "model.onnx"), "not a model", TestContext.Current.CancellationToken);
        await Fails("can't be run");
    }

    [Fact]
    public Task A_picture_that_is_no_jpeg_fails()
    {
        AddPictures();
        _folder.Add(Encoding.ASCII.GetBytes("no picture"), "ok");
        return Fails("The picture of frame frame-12 can't be read");
    }

    [Fact]
    public async Task A_picture_that_was_exchanged_fails()
    {
        AddPictures();
        await File.WriteAllBytesAsync(_folder.Add(Grey(99), "ok"), Grey(100), TestContext.Current.CancellationToken);
        await Fails("is not the one that was labelled");
    }

    [Theory]
    [InlineData("--l2 is -1", "--l2", "-1")]
    [InlineData("--sharpen is 0", "--sharpen", "0")]
    [InlineData("--relabel 'ok' must be a list", "--relabel", "ok")]
    [InlineData("--relabel names the class 'crack'", "--relabel", "ok=crack")]
    public Task An_option_out_of_range_fails(string sentence, params string[] options)
    {
        AddPictures();
        return Fails(sentence, options);
    }

    [Fact]
    public async Task A_result_that_cannot_be_written_leaves_nothing_half_written()
    {
        AddPictures();
        // A folder stands where the model should go.
        Directory.CreateDirectory(_folder.Result);
        var (exit, lines) = await _folder.RunAsync();
        Assert.Equal(1, exit);
        Assert.Contains("can't be written", lines[^1].Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(_folder.Out), file => file.EndsWith(".partial", StringComparison.Ordinal));
    }

    [Fact]
    public void A_run_that_is_stopped_writes_nothing()
    {
        AddPictures();
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        _folder.WriteDataset();
        var run = new HeadRun(new HeadOptions { Dataset = _folder.Dataset, Parent = _folder.Parent, Folder = _folder.Out }, new TrainerOutput(TextWriter.Null), TextWriter.Null);
        Assert.Throws<OperationCanceledException>(() => run.Run(stopped.Token));
        Assert.False(Directory.Exists(_folder.Out));
    }

    public void Dispose() => _folder.Dispose();

    private async Task Fails(string sentence, params string[] options)
    {
        var (exit, lines) = await _folder.RunAsync(options);
        Assert.Equal(1, exit);
        Assert.Equal("failed", lines[^1].Event);
        Assert.Contains(sentence, lines[^1].Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Out) && Directory.EnumerateFileSystemEntries(_folder.Out).Any());
    }

    /// <summary>Dark and bright pictures, six of each.</summary>
    private void AddPictures()
    {
        for (var i = 0; i < 6; i++)
        {
            _folder.Add(Grey(30 + i), "ok");
            _folder.Add(Grey(200 + i), "stain");
        }
    }

    private static byte[] Grey(int level)
    {
        var pixels = new byte[64 * 48];
        pixels.AsSpan().Fill((byte)level);
        return JpegCodec.Encode(new PictureView(pixels, 64, 48, PixelFormat.Grey8));
    }
}
