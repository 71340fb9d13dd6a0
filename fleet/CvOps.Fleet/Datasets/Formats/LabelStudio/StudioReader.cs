using System.Text.Json;
using System.Text.RegularExpressions;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.LabelStudio;

/// <summary>Label Studio's export "JSON": a list of tasks, each with annotations and predictions.</summary>
internal sealed partial class StudioReader : IDatasetReader
{
    public IEnumerable<LabelledImage> Read(ReadContext context) =>
        context.Files.Names.Where(name => name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)).SelectMany(file => ReadFile(file, context));

    private static IEnumerable<LabelledImage> ReadFile(string file, ReadContext context)
    {
        using var stream = context.Files.Open(file);
        using var json = new JsonElements(stream);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var number = 0;
        while (Next(json, file, context, ref number) is { } task)
        {
            var where = $"{file}, task {task.Id?.ToString() ?? $"number {number}"}";
            if (task.Id is { } id && !ids.Add(id.ToString())) context.Findings.Error(where, $"Two tasks have the id {id}.", "Give each an id of its own.");
            if (ReadTask(task, where, context) is { } image) yield return image;
        }
    }

    /// <returns>Null at the end, also where the file is damaged; the findings say so.</returns>
    private static StudioTask? Next(JsonElements json, string file, ReadContext context, ref int number)
    {
        try
        {
            if (number++ == 0 && (!json.Read() || json.Token != JsonTokenType.StartArray)) throw new JsonException("Label Studio's JSON is a list of tasks.");
            return json.ReadElement(out var element) ? JsonSerializer.Deserialize(element, FormatsJson.Default.StudioTask) ?? throw new JsonException("A task is an object.") : null;
        }
        catch (JsonException e)
        {
            context.Findings.Error($"{file}, task number {number}", $"This is no task of Label Studio: {e.Message}", "Export as 'JSON' (not JSON-MIN), or name the format with --format.");
            return null;
        }
    }

    private static LabelledImage? ReadTask(StudioTask task, string where, ReadContext context)
    {
        if (Address(task) is not { } address)
        {
            context.Findings.Error(where, "Its 'data' names no picture.", "Export the tasks of an image project.");
            return null;
        }
        var name = NameOf(address, context);
        var extras = Extras(task, where, context.Findings);
        var said = (task.Annotations ?? []).Where(annotation => !annotation.WasCancelled).OrderBy(annotation => annotation.UpdatedAt ?? DateTimeOffset.MinValue).ToArray();
        if (said.Length > 1) context.Findings.WarnOnce(where, "Of several annotations of a task the newest is taken.", "Review them in Label Studio first if they differ.");
        var size = SizeOf(task, name, context);
        var label = new StudioRegions(size, where, context.Findings);
        if (said is [.., var last])
            foreach (var result in last.Result ?? []) label.Add(result);
        if (said.Length == 0) context.Findings.WarnOnce(where, "Tasks that nobody annotated come in unlabelled.", "Nothing, if they are to be labelled here.");
        return (new LabelledImage
        {
            Name = name, Where = where, IsLabelled = said.Length > 0, Width = size.Width, Height = size.Height, Class = label.Class, Boxes = label.Boxes, Polygons = label.Polygons, Verdict = label.Verdict,
            Prediction = Predicted(task, size, where, context.Findings),
        }).With(extras);
    }

    private static Prediction? Predicted(StudioTask task, (int Width, int Height) size, string where, Findings findings)
    {
        if (task.Predictions is not [.., var last]) return null;
        var regions = new StudioRegions(size, where, findings);
        foreach (var result in last.Result ?? []) regions.Add(result);
        var found = regions.Scored.OrderByDescending(detection => detection.Score).ToList();
        return new Prediction { Class = regions.Class ?? found.FirstOrDefault()?.Class, Confidence = Math.Clamp(last.Score ?? regions.ChoiceScore ?? found.FirstOrDefault()?.Score ?? 0, 0, 1), Detections = found };
    }

    private static string? Address(StudioTask task)
    {
        if (task.Data is not { } data) return null;
        if (data.TryGetValue("image", out var usual) && usual.ValueKind == JsonValueKind.String) return usual.GetString();
        return data.Values.FirstOrDefault(value => value.ValueKind == JsonValueKind.String && ImageNames.IsImage(value.GetString()!)) is { ValueKind: JsonValueKind.String } other ? other.GetString() : null;
    }

    /// <summary>The file's name in an address. Label Studio puts eight hexadecimal digits before the name of what was uploaded to it.</summary>
    private static string NameOf(string address, ReadContext context)
    {
        var path = address.IndexOf("?d=", StringComparison.Ordinal) is var query and >= 0 ? address[(query + 3)..] : address.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri.AbsolutePath : address;
        path = Uri.UnescapeDataString(path).Replace('\\', '/').TrimStart('/');
        var name = ImageNames.Base(path);
        if (context.SizeOf(path) is not null || !Uploaded().IsMatch(name)) return path;
        return context.SizeOf(name[9..]) is not null ? name[9..] : path;
    }

    private static (int Width, int Height) SizeOf(StudioTask task, string name, ReadContext context)
    {
        foreach (var results in (task.Annotations ?? []).Select(annotation => annotation.Result).Concat((task.Predictions ?? []).Select(prediction => prediction.Result)))
            foreach (var result in results ?? [])
                if (result is { OriginalWidth: > 0 and var width, OriginalHeight: > 0 and var height }) return (width, height);
        return context.SizeOf(name) ?? (0, 0);
    }

    private static FrameExtras? Extras(StudioTask task, string where, Findings findings)
    {
        if (task.Data?.TryGetValue(FrameExtras.Member, out var element) != true) return null;
        try
        {
            return element.Deserialize(FormatsJson.Default.FrameExtras);
        }
        catch (JsonException e)
        {
            findings.Error(where, $"Its member '{FrameExtras.Member}' can't be read: {e.Message}", "Leave it as it was exported, or take it out.");
            return null;
        }
    }

    [GeneratedRegex("^[0-9a-f]{8}-.")]
    private static partial Regex Uploaded();
}
