using System.IO.Compression;
using System.Text;
using System.Text.Json;
using CvOps.Agent.Decisions;
using CvOps.Agent.Tests.Host;
using CvOps.Contracts;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Decisions;

/// <summary>A decision made by the agent's loop, recorded, and gone over again.</summary>
public sealed class ReplayTests
{
    [Fact]
    public async Task Every_reject_is_recorded_and_comes_out_again_byte_for_byte()
    {
        await using var rig = new DecisionRig();
        await rig.InspectAsync(20);
        var rejected = rig.Seen.Seen.Where(it => it.Prediction.Reject).ToList();
        Assert.InRange(rejected.Count, 3, 19);
        Assert.Equal(rejected.Count, rig.Files.Count);
        var configuration = rig.Configure();
        foreach (var (file, seen) in rig.Files.Zip(rejected))
        {
            var (record, _) = DecisionFile.Read(file);
            Assert.Equal(("cam-1", seen.Number, true, seen.Model.Digest), (record.Camera, record.Frame, record.Reject, record.Inputs.Model.Digest));
            Assert.Equal(JsonSerializer.Serialize(seen.Prediction, ContractsJson.Default.Prediction), record.Prediction!.Value.GetRawText());
            var (code, output, problems) = Run(file, "--config", configuration);
            Assert.True(code == 0, output + problems);
            Assert.Contains("byte for byte", output, StringComparison.Ordinal);
            Assert.DoesNotContain("differ", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Frames_that_went_through_the_model_together_do_so_again()
    {
        await using var rig = new DecisionRig(DecisionsKept.Every, batch: 3);
        await rig.InspectAsync(3);
        var configuration = rig.Configure();
        Assert.Equal([(3, 0), (3, 1), (3, 2)], rig.Files.Select(file => DecisionFile.Read(file).Record.Inputs).Select(inputs => (inputs.Batch, inputs.Row)));
        Assert.All(rig.Files, file => Assert.Equal(0, Run(file, "--config", configuration).Code));
    }

    [Fact]
    public async Task The_program_itself_replays_a_record()
    {
        await using var rig = new DecisionRig(DecisionsKept.Every);
        await rig.InspectAsync(1);
        await using var agent = TestProcess.StartAssembly(AgentRig.Assembly, ["replay", rig.Files[0], "--config", rig.Configure()]);
        Assert.True(await agent.WaitForExitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken) == 0, agent.Output);
        Assert.Contains("The same:", agent.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_model_is_named_by_its_digest_and_manifest()
    {
        await using var rig = new DecisionRig(DecisionsKept.Every);
        await rig.InspectAsync(1);
        var (code, output, _) = Run(rig.Files[0], "--config", rig.Configure(), "--package", rig.Pack("v2"));
        Assert.Equal(1, code);
        Assert.Contains("model digest: recorded " + rig.Seen.Seen[0].Model.Digest, output, StringComparison.Ordinal);
        Assert.Contains("manifest (SHA-256 as read)", output, StringComparison.Ordinal);
        Assert.DoesNotContain("frame (SHA-256", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_altered_frame_is_named_by_its_hash()
    {
        await using var rig = new DecisionRig(DecisionsKept.Every);
        await rig.InspectAsync(1);
        var (record, pixels) = DecisionFile.Read(rig.Files[0]);
        pixels.AsSpan(0, 320 * 120).Fill(200);
        DecisionFile.Write(rig.Files[0], record, pixels);
        var (code, output, _) = Run(rig.Files[0], "--config", rig.Configure());
        Assert.Equal(1, code);
        Assert.Contains("frame (SHA-256 of its bytes): recorded " + record.Inputs.Picture.Sha256, output, StringComparison.Ordinal);
        Assert.DoesNotContain("model digest", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_configuration_and_another_runtime_are_named_whether_they_matter_or_not()
    {
        await using var rig = new DecisionRig(DecisionsKept.Every);
        await rig.InspectAsync(1);
        var (record, pixels) = DecisionFile.Read(rig.Files[0]);
        DecisionFile.Write(rig.Files[0], record with { Inputs = record.Inputs with { Runtime = "1.0.0", Provider = "TensorRT" } }, pixels);
        var (_, output, _) = Run(rig.Files[0], "--config", rig.Configure(threads: 2));
        Assert.Contains("configuration, inference.threads: recorded 1, here 2", output, StringComparison.Ordinal);
        Assert.Contains("ONNX Runtime version: recorded 1.0.0, here ", output, StringComparison.Ordinal);
        Assert.Contains("execution provider: recorded TensorRT, here CPU", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prediction_that_nothing_explains_is_said_to_be_so()
    {
        await using var rig = new DecisionRig(DecisionsKept.Every);
        await rig.InspectAsync(1);
        var (record, pixels) = DecisionFile.Read(rig.Files[0]);
        using var other = JsonDocument.Parse("""{"class":"ok","confidence":1}""");
        DecisionFile.Write(rig.Files[0], record with { Prediction = other.RootElement }, pixels);
        var (code, output, _) = Run(rig.Files[0], "--config", rig.Configure());
        Assert.Equal(1, code);
        Assert.Contains("No recorded input differs", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_replayed_is_one_sentence_and_78()
    {
        await using var rig = new DecisionRig(DecisionsKept.Every);
        await rig.InspectAsync(1);
        var (file, configuration) = (rig.Files[0], rig.Configure());
        Wrong("name a .decision file");
        Wrong("needs the path of a file", file, "--config");
        Wrong("'--colour' is not understood", file, "--colour");
        Wrong("Could not find", "/nowhere/x.decision", "--config", configuration);
        Wrong("is no decision record", configuration, "--config", configuration);
        var sound = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(file, sound[..^40], TestContext.Current.CancellationToken);
        Wrong("is damaged: its frame of 320x240 cannot be unpacked", file, "--config", configuration);
        await File.WriteAllBytesAsync(file, sound, TestContext.Current.CancellationToken);
        Directory.Delete(rig.Folder["data", "models"], recursive: true);
        Wrong("name it with --package", file, "--config", configuration);
        Assert.Equal(0, Run(file, "--config", configuration, "--package", rig.Package).Code);

        static void Wrong(string part, params string[] arguments)
        {
            var (code, _, problems) = Run(arguments);
            Assert.Equal(78, code);
            Assert.Contains(part, Assert.Single(problems.TrimEnd().Split('\n')), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_records_first_line_is_json_and_the_rest_is_the_frame()
    {
        await using var rig = new DecisionRig(DecisionsKept.Every);
        await rig.InspectAsync(1);
        var bytes = await File.ReadAllBytesAsync(rig.Files[0], TestContext.Current.CancellationToken);
        var end = bytes.AsSpan().IndexOf((byte)'\n');
        using var line = JsonDocument.Parse(Encoding.UTF8.GetString(bytes, 0, end));
        Assert.Equal(("press-1", 1, "I420"), (line.RootElement.GetProperty("device").GetString(), line.RootElement.GetProperty("format").GetInt32(),
            line.RootElement.GetProperty("inputs").GetProperty("picture").GetProperty("format").GetString()));
        using var inflated = new ZLibStream(new MemoryStream(bytes, end + 1, bytes.Length - end - 1), CompressionMode.Decompress);
        var pixels = new MemoryStream();
        await inflated.CopyToAsync(pixels, TestContext.Current.CancellationToken);
        Assert.Equal(320 * 240 * 3 / 2, pixels.Length);
    }

    private static (int Code, string Output, string Problems) Run(params string[] arguments)
    {
        var (output, problems) = (new StringWriter(), new StringWriter());
        return (ReplayCommand.Run(arguments, output, problems), output.ToString(), problems.ToString());
    }
}
