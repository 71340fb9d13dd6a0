using System.Data.Common;
using CvOps.Contracts.Api;
using Dapper;

namespace CvOps.Fleet.Frames;

/// <summary>How many frames of each camera wait, have a label, and so on: counted with every change, since to count a million rows for each page would take longer than the page.</summary>
internal static class FrameTally
{
    private const string AddRow = """
        INSERT INTO frame_tally (device, camera, state, frames) VALUES (@Device, @Camera, @State, @frames)
        ON CONFLICT (device, camera, state) DO UPDATE SET frames = frame_tally.frames + excluded.frames
        """;

    public static void Add(DbConnection connection, FrameView frame, long frames) => Add(connection, frame.Device?.Value, frame.Camera?.Value, frame.State, frames);

    /// <param name="device">Null for frames of no device; the camera likewise.</param>
    public static void Add(DbConnection connection, string? device, string? camera, LabelState state, long frames) =>
        connection.Execute(AddRow, new { Device = device ?? "", Camera = camera ?? "", State = (int)state, frames });

    /// <summary>Takes a frame off what it is in now, before it becomes something else.</summary>
    public static void Leave(DbConnection connection, string id)
    {
        foreach (var (device, camera, state) in connection.Query<(string? Device, string? Camera, long State)>("SELECT device, camera, state FROM frames WHERE id = @id", new { id }))
            Add(connection, device, camera, (LabelState)state, -1);
    }

    public static IReadOnlyDictionary<LabelState, long> States(DbConnection connection) =>
        connection.Query<(long State, long Frames)>("SELECT state, CAST(sum(frames) AS BIGINT) FROM frame_tally GROUP BY state").ToDictionary(row => (LabelState)row.State, row => row.Frames);

    /// <summary>Every camera that has frames, those of no camera among them as empty names.</summary>
    public static CameraTally[] Cameras(DbConnection connection) => connection.Query<(string Device, string Camera, long State, long Frames)>("SELECT device, camera, state, frames FROM frame_tally")
        .GroupBy(row => (row.Device, row.Camera)).Select(group => new CameraTally(group.Key.Device, group.Key.Camera, Of(group, LabelState.Unlabelled), Of(group, LabelState.Labelled))).ToArray();

    private static long Of(IEnumerable<(string Device, string Camera, long State, long Frames)> rows, LabelState state) => rows.Where(row => row.State == (int)state).Sum(row => row.Frames);
}

/// <param name="Device">Empty for frames of no device; the camera likewise.</param>
internal readonly record struct CameraTally(string Device, string Camera, long Waiting, long Labelled);
