using System.CommandLine;
using CvOps.Cli.Output;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops frames import</c>: a video becomes frames.</summary>
internal static class VideoImportCommand
{
    public static Command Create(FleetCommand on)
    {
        var source = new Argument<FileInfo>("video") { Description = "MP4, MKV, WebM, AVI, MOV, MPEG or a raw H.264, HEVC or MJPEG stream." };
        source.AcceptExistingOnly();
        var every = new Option<string>("--every") { Description = "From one picture to the next: 1s, 500ms, 2m.", DefaultValueFactory = _ => "1s" };
        var change = new Option<string?>("--change") { Description = "Pictures in which no spot changed by so many levels of 255 are nearly the same, and one of them is enough; 3 unless said, 0 keeps all." };
        var device = new Option<string?>("--device") { Description = "The device whose camera it was." };
        var camera = new Option<string?>("--camera") { Description = "The camera." };
        var part = new Option<string?>("--part") { Description = "The part it shows, where it shows one." };
        var starts = new Option<string?>("--starts-at") { Description = "When it begins: 2026-11-22T10:30:00Z; otherwise what the file says, else now." };
        var damaged = new Option<bool>("--take-damaged") { Description = "Bring what can be read of a damaged video." };
        return on.On(new Command("import", "Take frames from a video, without those that show nearly the same; all of them or none.") { source, every, change, device, camera, part, starts, damaged }, async (parsed, fleet, screen, ct) =>
        {
            var file = parsed.GetValue(source)!;
            (string Name, string? Value)[] asked =
            [
                ("name", file.Name), ("every", parsed.GetValue(every)), ("change", parsed.GetValue(change)), ("device", parsed.GetValue(device)), ("camera", parsed.GetValue(camera)), ("part", parsed.GetValue(part)),
                ("startsAt", parsed.GetValue(starts)), ("takeDamaged", parsed.GetValue(damaged) ? "true" : "false"), ("by", Environment.UserName),
            ];
            var query = string.Join('&', asked.Where(pair => pair.Value is not null).Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value!)}"));
            VideoReport? report = null;
            using var upload = new UploadContent(file, bytes => Progress.Show($"sending {bytes / 1e6:N0} MB"));
            await foreach (var line in fleet.PostLines<VideoLine>($"frames/video?{query}", upload, ct))
            {
                if (line.Report is { } done) report = done;
                else Progress.Show(line.Stage == "receiving" ? $"receiving {line.Done / 1e6:N0} MB" : line.Of > 0 ? $"{line.Stage} {line.Done:N0} of about {line.Of:N0}" : $"{line.Stage} {line.Done:N0}");
            }
            Progress.End();
            if (report is null) throw new CliException("The fleet ended the import without a report; its log says why. Nothing was written, or all of it: 'cvops audit' says which.");
            screen.One(report, ("pictures", $"{report.Sampled:N0}: {report.Added:N0} new frames, {report.NearIdentical:N0} nearly the same as another, {report.Known:N0} known already"),
                ("video", report.Seconds is { } seconds ? $"{TimeSpan.FromSeconds(seconds):hh\\:mm\\:ss}" : null), ("written", report.Written ? "yes" : "no: nothing was written"), ("problem", report.Problem));
            if (!report.Written) throw new CliException($"The video was refused: {report.Problem}", ExitCodes.Configuration);
        });
    }
}
