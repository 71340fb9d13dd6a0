using System.Runtime.InteropServices;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision.Decoders;

/// <summary>An output of the rig's model.</summary>
/// <param name="Shape">With -1 for the number of rows: those whose number in column <paramref name="Filter"/> is above 0 come out.</param>
/// <param name="Integer">int64, as in-graph NMS gives classes and counts.</param>
public sealed record RigOutput(string Name, long[] Shape, int Rows = 0, int Filter = 0, bool Integer = false)
{
    public long[] Full => [.. Shape.Select(side => side < 0 ? Rows : side)];

    public int Length => (int)Full.Aggregate(1L, (product, side) => product * side);
}

/// <summary>
/// A real session over a model that hands its input on as its outputs, cut and shaped: a test writes the numbers a detector would have said, and
/// shapes, types, binding and decoding are the real ones.
/// </summary>
internal sealed class OutputRig : IDisposable
{
    private readonly RigOutput[] _outputs;
    private readonly ModelSession _session;
    private readonly InferenceSlot _slot;

    /// <param name="manifest">Its input is three channels of float32 and has room for all outputs.</param>
    public OutputRig(ModelManifest manifest, params RigOutput[] outputs)
    {
        _outputs = outputs;
        _session = ModelSession.Open(Model(manifest.Input, outputs), manifest, new SessionSettings(AllowGpu: false));
        _slot = _session.CreateSlot();
        Plan = PreprocessPlan.Identity(manifest.Input);
    }

    /// <summary>How boxes get to the picture; at first it leaves them as they are.</summary>
    public PreprocessPlan Plan { get; set; }

    public ModelSession Session => _session;

    public InferenceSlot Slot => _slot;

    /// <summary>A manifest of a square input that only its decoder makes special.</summary>
    public static ModelManifest Manifest(ModelTask task, DecoderSpec decoder, string[] classes, string[]? rejects = null, int side = 64) => new()
    {
        Name = "rig", Version = "1", Task = task, Decoder = decoder, Classes = classes, RejectClasses = rejects ?? [],
        Input = new InputSpec { Name = "images", Width = side, Height = side },
    };

    /// <summary>The prediction when the model says these numbers, output after output.</summary>
    public Prediction Decode(params float[][] outputs) => DecodeTiles([outputs]);

    /// <summary>The same of a picture in tiles.</summary>
    public Prediction DecodeTiles(params float[][][] tiles)
    {
        for (var tile = 0; tile < tiles.Length; tile++) Write(tile, tiles[tile]);
        _slot.Run();
        return _slot.TryDecode(Plan, 0, out var prediction, out var error) ? prediction.Copy() : throw new ModelException(error);
    }

    /// <summary>Bytes that decoding the same outputs allocates on this thread, once everything has its size.</summary>
    public long BytesOver(int decodes, params float[][] outputs)
    {
        for (var i = 0; i < 20; i++) Assert.True(Decode(outputs).Entropy >= 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < decodes; i++) _slot.TryDecode(Plan, 0, out _, out _);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    public void Dispose()
    {
        _slot.Dispose();
        _session.Dispose();
    }

    private void Write(int tile, float[][] outputs)
    {
        var numbers = MemoryMarshal.Cast<byte, float>(_slot.Input(0)).Slice(tile * _session.InputLength, _session.InputLength);
        for (var i = 0; i < outputs.Length; i++)
        {
            Assert.Equal(_outputs[i].Length, outputs[i].Length);
            outputs[i].CopyTo(numbers);
            numbers = numbers[outputs[i].Length..];
        }
    }

    /// <summary>The model itself.</summary>
    public static byte[] Model(InputSpec input, params RigOutput[] outputs)
    {
        var model = new TinyOnnx().Input("images", 1, 3, input.Height, input.Width).Integers("all", -1).Integers("axis", 0).Node("Reshape", ["images", "all"], "flat");
        var at = 0;
        foreach (var output in outputs)
        {
            var name = output.Name;
            var whole = output.Shape.Contains(-1) ? $"{name}.whole" : output.Integer ? $"{name}.float" : name;
            model.Integers($"{name}.from", at).Integers($"{name}.to", at + output.Length).Integers($"{name}.shape", output.Full)
                .Node("Slice", ["flat", $"{name}.from", $"{name}.to", "axis"], $"{name}.part").Node("Reshape", [$"{name}.part", $"{name}.shape"], whole);
            if (output.Shape.Contains(-1))
            {
                var columns = output.Length / output.Rows;
                model.Integers($"{name}.rows", output.Rows, columns).Node("Reshape", [$"{name}.part", $"{name}.rows"], $"{name}.table")
                    .Integers($"{name}.first", output.Filter).Integers($"{name}.last", output.Filter + 1).Integers($"{name}.one", 1)
                    .Node("Slice", [$"{name}.table", $"{name}.first", $"{name}.last", $"{name}.one"], $"{name}.column").Node("Reshape", [$"{name}.column", "all"], $"{name}.score")
                    .Constant($"{name}.zero", [0], 1).Node("Greater", [$"{name}.score", $"{name}.zero"], $"{name}.more")
                    .Node("Compress", [whole, $"{name}.more"], output.Integer ? $"{name}.float" : name, ("axis", Array.IndexOf(output.Shape, -1)));
            }
            if (output.Integer) model.Node("Cast", [$"{name}.float"], name, ("to", 7)).Output(name, OnnxType.Int64, output.Shape);
            else model.Output(name, output.Shape);
            at += output.Length;
        }
        Assert.True(at <= 3 * input.Width * input.Height, $"The input has no room for {at} numbers.");
        return model.Build();
    }
}
