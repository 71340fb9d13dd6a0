using System.Diagnostics;
using System.Globalization;
using CvOps.Vision;

namespace CvOps.Benchmarks;

/// <summary>OpenCV in a long-lived child process: it does a batch when told to and says how long one picture took.</summary>
internal sealed class OpenCvPreprocess : IDisposable
{
    // Debian's own interpreter: python3-opencv is not visible to another.
    private const string Python = "/usr/bin/python3";

    private const string Script = """
        import sys, time
        import numpy as np, cv2
        path, width, height, form, stretch, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5] == 'True', int(sys.argv[6])
        side = 640
        if threads > 0: cv2.setNumThreads(threads)
        data = np.fromfile(path, dtype=np.uint8)
        picture = data.reshape(height, width, 3) if form == 'Bgr24' else data.reshape(height * 3 // 2, width)
        scale = min(side / width, side / height)
        w, h = (side, side) if stretch else (round(width * scale), round(height * scale))
        left, top = (side - w) // 2, (side - h) // 2
        whole, small, square = (np.empty((a, b, 3), np.uint8) for a, b in ((height, width), (h, w), (side, side)))
        def once():
            bgr = picture if form == 'Bgr24' else cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_NV12, whole)
            image = cv2.resize(bgr, (w, h), small, interpolation=cv2.INTER_LINEAR)
            if not stretch: image = cv2.copyMakeBorder(image, top, side - h - top, left, side - w - left, cv2.BORDER_CONSTANT, square, (114, 114, 114))
            return cv2.dnn.blobFromImage(image, 1 / 255, (side, side), (0.0, 0.0, 0.0), swapRB=True, crop=False)
        print(cv2.__version__, cv2.getNumThreads(), flush=True)
        for line in sys.stdin:
            word, _, argument = line.strip().partition(' ')
            if word == 'tensor':
                once().astype('<f4').tofile(argument)
                print('0', flush=True)
                continue
            count = int(argument)
            started = time.perf_counter()
            for _ in range(count): once()
            print((time.perf_counter() - started) / count, flush=True)
        """;

    private readonly Process _process;

    /// <param name="path">The picture's bytes.</param>
    /// <param name="threads">0 for OpenCV's own choice.</param>
    /// <exception cref="InvalidOperationException">python3-opencv is not installed.</exception>
    public OpenCvPreprocess(string path, int width, int height, PixelFormat format, bool stretch, int threads)
    {
        var start = new ProcessStartInfo(Python, ["-c", Script, path, Text(width), Text(height), format.ToString(), stretch.ToString(), Text(threads)])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        // blobFromImage makes a new array each time. It shall come from the heap at hand, not from the kernel page by page: that alone made
        // OpenCV four times as slow.
        foreach (var threshold in (ReadOnlySpan<string>)["MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"]) start.Environment[threshold] = Text(1 << 30);
        _process = Process.Start(start)!;
        var answer = _process.StandardOutput.ReadLine();
        if (answer is null)
        {
            _process.Dispose();
            throw new InvalidOperationException($"{Python} has no OpenCV: install Debian's python3-opencv (make bench does).");
        }
        (Version, Threads) = (answer.Split(' ')[0], int.Parse(answer.Split(' ')[1], CultureInfo.InvariantCulture));
    }

    public string Version { get; }

    public int Threads { get; }

    /// <summary>Seconds a picture, over a batch.</summary>
    public double Time(int count) => double.Parse(Ask($"time {Text(count)}"), CultureInfo.InvariantCulture);

    /// <summary>Writes its tensor, float32 NCHW, to a file.</summary>
    public void Tensor(string path) => Ask($"tensor {path}");

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private string Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
        return _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"OpenCV's process ended at '{line}'.");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
