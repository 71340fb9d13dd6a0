using System.Buffers;
using System.Text.Json;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Decisions;

/// <summary>A frame's decision on its way to the disk: copies of what ends with the frame. The same few go round for ever.</summary>
internal sealed class DecisionDraft : IDisposable
{
    private readonly ArrayBufferWriter<byte> _prediction = new(4096);
    private readonly Utf8JsonWriter _writer;
    private byte[] _pixels = [];
    private int _pixelBytes;
    private CameraId _camera;
    private (int Connection, long Number, DateTimeOffset CapturedAt) _frame;
    private (int Width, int Height, PixelFormat Format, YuvColour Colour) _picture;
    private (int Count, int Row) _batch;
    private (string? Part, string? Error, bool Reject) _said;

    public DecisionDraft() => _writer = new Utf8JsonWriter(_prediction);

    public ReadOnlySpan<byte> Pixels => _pixels.AsSpan(0, _pixelBytes);

    public ModelRef Model { get; private set; } = null!;

    public ModelManifest Manifest { get; private set; } = null!;

    public string Provider { get; private set; } = "";

    /// <summary>Copies the frame and what was said of it. Allocates only for a picture larger than any before.</summary>
    public void Fill(in InspectedFrame inspected)
    {
        var frame = inspected.Frame;
        var picture = inspected.Picture;
        _pixelBytes = picture.Data.Length;
        if (_pixels.Length < _pixelBytes) _pixels = GC.AllocateUninitializedArray<byte>(_pixelBytes);
        picture.Data.CopyTo(_pixels);
        _camera = inspected.Camera;
        _frame = (frame.Connection, frame.Number, frame.CapturedAt);
        _picture = (picture.Width, picture.Height, picture.Format, picture.Colour);
        _batch = (inspected.Batch, inspected.BatchRow);
        _said = (inspected.Part, inspected.Error, inspected.Error is null && inspected.Prediction.Reject);
        (Model, Manifest, Provider) = (inspected.Model.Ref, inspected.Model.Manifest, inspected.Model.Session.Provider);
        _prediction.ResetWrittenCount();
        if (inspected.Error is not null) return;
        // Tracks are of many frames and would not come back from one; whoever follows objects sets them after this.
        foreach (var detection in inspected.Prediction.Detections) detection.Track = null;
        _writer.Reset();
        JsonSerializer.Serialize(_writer, inspected.Prediction, ContractsJson.Default.Prediction);
        _writer.Flush();
    }

    public DecisionRecord ToRecord(DeviceId device, Func<DecisionPicture, (int Count, int Row), DecisionInputs> inputs)
    {
        var picture = new DecisionPicture(_picture.Width, _picture.Height, _picture.Format, _picture.Colour.Matrix, _picture.Colour.Range, DecisionFile.Sha256(Pixels));
        JsonElement? prediction = null;
        if (_prediction.WrittenCount > 0)
        {
            using var document = JsonDocument.Parse(_prediction.WrittenMemory);
            prediction = document.RootElement.Clone();
        }
        return new DecisionRecord
        {
            Device = device.Value, Camera = _camera.Value, Connection = _frame.Connection, Frame = _frame.Number, Part = _said.Part, CapturedAt = _frame.CapturedAt,
            Inputs = inputs(picture, _batch), Reject = _said.Reject, Error = _said.Error, Prediction = prediction,
        };
    }

    public void Dispose() => _writer.Dispose();
}
