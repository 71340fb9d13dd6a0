using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Decisions;

/// <summary>What came of going over a decision again.</summary>
/// <param name="Same">Prediction, or the reason for having none, is byte for byte what was recorded.</param>
/// <param name="Recorded">As JSON, or the reason.</param>
/// <param name="Here">As JSON, or the reason.</param>
/// <param name="Differences">The inputs that are not what they were, a sentence each.</param>
internal sealed record ReplayResult(bool Same, string Recorded, string Here, IReadOnlyList<string> Differences);

/// <summary>Runs a recorded frame through a model again, the way the frame path did.</summary>
internal static class Replay
{
    /// <param name="package">The recorded model or another one.</param>
    /// <param name="settings">How sessions run on this machine.</param>
    /// <exception cref="ModelException">The model does not run here.</exception>
    public static ReplayResult Run(DecisionRecord record, ReadOnlySpan<byte> pixels, ModelPackage package, SessionSettings settings)
    {
        using var session = ModelSession.Open(package.Onnx, package.Manifest, settings);
        var was = record.Inputs;
        var (batch, row) = session.Batches ? (was.Batch, was.Row) : (1, 0);
        var picture = new PictureView(pixels, was.Picture.Width, was.Picture.Height, was.Picture.Format, new YuvColour(was.Picture.Matrix, was.Picture.Range));
        var here = DecisionPlace.Inputs(package.Ref, DecisionPlace.DigestOf(package.Manifest), was.Picture with { Sha256 = DecisionFile.Sha256(picture.Data) }, (batch, row), settings, settings.TensorRt?.Precision ?? default, session.Provider);
        var (prediction, error) = Infer(session, picture, batch, row);
        var now = prediction is null ? error! : Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(prediction, ContractsJson.Default.Prediction));
        var recorded = record.Prediction is { } kept ? kept.GetRawText() : record.Error ?? "";
        return new ReplayResult(recorded == now, recorded, now, InputDifferences.Of(was, here));
    }

    private static (Prediction? Prediction, string? Error) Infer(ModelSession session, PictureView picture, int batch, int row)
    {
        try
        {
            var plan = PreprocessPlan.Create(session.Manifest.Input, picture.Width, picture.Height, picture.Format, picture.Colour);
            using var slot = session.CreateSlot(batch);
            // What the others of its run showed is not recorded: rows do not look at each other, but their number decides how sums are cut.
            for (var i = 0; i < batch; i++) plan.Fill(picture, slot.Input(i));
            slot.Run(batch);
            return slot.TryDecode(plan, row, out var prediction, out var error) ? (prediction.Copy(), null) : (null, error);
        }
        catch (ModelException e)
        {
            return (null, e.Message);
        }
    }
}
