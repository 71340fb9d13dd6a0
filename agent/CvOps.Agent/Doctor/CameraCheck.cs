using System.Diagnostics;
using System.Globalization;
using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Contracts.Doctor;

namespace CvOps.Agent.Doctor;

/// <summary>Opens every camera as the agent does, one after the other, and counts its frames for a moment.</summary>
internal static class CameraCheck
{
    /// <summary>So long frames are counted.</summary>
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(2);

    private const string Check = "camera";

    public static async Task RunAsync(AgentOptions options, int? running, List<DoctorFinding> findings, CancellationToken cancel)
    {
        var programs = FfmpegPrograms.Find(Environment.GetEnvironmentVariable("PATH"));
        foreach (var camera in options.Cameras)
        {
            if (camera.Kind != CameraKind.Folder && programs.Ffmpeg is null)
            {
                findings.Add(DoctorFinding.Fail(Check, $"{camera.Id}: ffmpeg was not found on the PATH", "Install it: apt-get install ffmpeg."));
                continue;
            }
            if (camera.Kind == CameraKind.V4l2 && running is { } process)
            {
                findings.Add(DoctorFinding.Ok(Check, $"{camera.Id}: {camera.Url} is the agent's (process {process}), and a V4L2 camera has one reader; 'cvops device show' has its frames a second"));
                continue;
            }
            // The reader's thread is the child's life.
            findings.Add(await Task.Factory.StartNew(() => Look(camera, programs, cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        }
    }

    private static DoctorFinding Look(CameraOptions camera, FfmpegPrograms programs, CancellationToken cancel)
    {
        var address = CameraAddress.Redact(camera.Url);
        try
        {
            using ICameraSource source = camera.Kind == CameraKind.Folder ? new FolderCamera(camera, TimeProvider.System) : FfmpegCamera.Start(camera, programs);
            var silent = false;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            using var kill = patience.Token.Register(() =>
            {
                silent = true;
                source.Kill();
            });
            patience.CancelAfter(camera.ConnectTimeout);
            var begun = Stopwatch.GetTimestamp();
            var pool = new FramePool();
            var (frames, width, height, first) = (0, 0, 0, TimeSpan.Zero);
            if (source.Open() is not null)
            {
                while (source.TryNext(out var picture))
                {
                    using var frame = pool.Rent(picture.Width, picture.Height, picture.Format, camera.Id.Value, picture.Colour);
                    if (!source.Fill(frame.Pixels[..frame.PictureBytes])) break;
                    if (frames++ == 0)
                    {
                        first = Stopwatch.GetElapsedTime(begun);
                        (width, height) = (picture.Width, picture.Height);
                        patience.CancelAfter(Watched);
                    }
                    if (Stopwatch.GetElapsedTime(begun) - first > Watched) break;
                }
            }
            var watched = Stopwatch.GetElapsedTime(begun) - first;
            if (frames > 1 || (frames == 1 && CameraAddress.IsRecording(camera.Url)))
                return DoctorFinding.Ok(Check, string.Create(CultureInfo.InvariantCulture, $"{camera.Id}: {width}x{height}, first frame after {first.TotalSeconds:0.0} s{(frames > 1 ? $", then {(frames - 1) / Math.Max(watched.TotalSeconds, 1e-3):0.0} a second" : "")}"));
            if (frames == 1)
                return DoctorFinding.Warn(Check, string.Create(CultureInfo.InvariantCulture, $"{camera.Id}: {width}x{height}, one frame and no other for {Watched.TotalSeconds:0} s"), $"See the stream with ffplay '{address}', and its frame rate at the camera.");
            return silent
                ? DoctorFinding.Fail(Check, string.Create(CultureInfo.InvariantCulture, $"{camera.Id}: {address} sent no frame within {camera.ConnectTimeout.TotalSeconds:0.#} s"), Mend(camera, address))
                : DoctorFinding.Fail(Check, $"{camera.Id}: {source.Ended(out _).TrimEnd('.')}", Mend(camera, address));
        }
        catch (CameraException e)
        {
            return DoctorFinding.Fail(Check, $"{camera.Id}: {e.Message.TrimEnd('.')}", Mend(camera, address));
        }
    }

    private static string Mend(CameraOptions camera, string address) => camera.Kind switch
    {
        CameraKind.Folder => $"Put pictures into {camera.Url} that the agent's user may read, or correct cameras: url.",
        CameraKind.File => $"Name a video that the agent's user may read in cameras: url; 'ffprobe {address}' says what is wrong with this one.",
        CameraKind.V4l2 => $"See what is there with v4l2-ctl --list-devices, and let the user in: usermod -aG video cvops.",
        _ => $"Switch the camera on and try its address by hand: ffprobe -rtsp_transport {camera.Transport.ToString().ToLowerInvariant()} '{address}'.",
    };
}
