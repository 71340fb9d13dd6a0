using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using CvOps.Agent.Reports;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Offline;

/// <summary>
/// Each frame as a line of JSON: an inspection report as a device sends it, with the picture's <c>file</c> for those of a folder, and without
/// <c>timings</c> unless they are wanted. The device is called <c>offline</c>, its boot is 1, lines are counted from 1. One thread.
/// </summary>
internal sealed class ResultLines : IDisposable
{
    private static readonly DeviceId Device = new("offline");

    private readonly ResultsFile _file;
    private readonly LoadedModel _model;
    private readonly CameraId _camera;
    private readonly RefilledReport _report = new();
    private readonly Utf8JsonWriter _writer;
    private readonly JsonTypeInfo<InspectionReport> _form;
    private string? _picture;
    private long _lines;

    public ResultLines(ResultsFile file, LoadedModel model, CameraId camera, bool timings)
    {
        (_file, _model, _camera) = (file, model, camera);
        _writer = new Utf8JsonWriter(file.Line);
        var options = new JsonSerializerOptions(ContractsJson.Default.Options)
        {
            TypeInfoResolver = ContractsJson.Default.WithAddedModifier(info =>
            {
                if (info.Type == typeof(InspectionReport)) Adapt(info, timings);
            }),
        };
        _form = (JsonTypeInfo<InspectionReport>)options.GetTypeInfo(typeof(InspectionReport));
    }

    public void Write(in InspectedFrame inspected, string? picture) => Write(_report.Of(inspected), picture);

    /// <summary>A picture that never became a frame.</summary>
    public void Write(FrameNote note)
    {
        var captured = DateTimeOffset.UnixEpoch + PictureFiles.TimeOf(note.Number);
        Write(new InspectionReport
        {
            Origin = OriginOfNext(), Camera = _camera, Frame = note.Number, Connection = 1, CapturedAt = captured, TimeSource = TimeSource.Container,
            TimeUncertaintyMs = CaptureClock.ContainerMs, Model = _model.Ref, Prediction = new Prediction(), Timings = new FrameTimings(0, 0, 0, 0), Error = note.Problem,
        }, note.File);
    }

    public void Dispose() => _writer.Dispose();

    private Origin OriginOfNext() => new(Device, 1, _lines + 1);

    private void Write(InspectionReport report, string? picture)
    {
        report.Origin = OriginOfNext();
        _picture = picture;
        _writer.Reset(_file.Line);
        JsonSerializer.Serialize(_writer, report, _form);
        _file.EndLine();
        _lines++;
    }

    private void Adapt(JsonTypeInfo info, bool timings)
    {
        if (!timings) Remove(info, "timings");
        var file = info.CreateJsonPropertyInfo(typeof(string), "file");
        file.Get = _ => _picture;
        file.ShouldSerialize = (_, value) => value is not null;
        info.Properties.Insert(IndexOf(info, "frame") + 1, file);
    }

    private static void Remove(JsonTypeInfo info, string name) => info.Properties.RemoveAt(IndexOf(info, name));

    private static int IndexOf(JsonTypeInfo info, string name)
    {
        for (var i = 0; i < info.Properties.Count; i++)
        {
            if (info.Properties[i].Name == name) return i;
        }
        throw new InvalidOperationException($"An inspection report has no field '{name}'.");
    }
}
