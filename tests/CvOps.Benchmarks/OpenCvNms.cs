using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace CvOps.Benchmarks;

/// <summary>A Python with OpenCV that holds the boxes and times <c>cv2.dnn.NMSBoxes</c> on them when asked.</summary>
internal sealed class OpenCvNms : IDisposable
{
    // Lists, not arrays: the binding reads them three times as fast.
    private const string Script = """
        import sys, time
        import cv2, numpy
        folder, score, iou = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
        boxes = numpy.fromfile(folder + '/boxes.f32', dtype=numpy.float32).reshape(-1, 4)
        scores = numpy.fromfile(folder + '/scores.f32', dtype=numpy.float32)
        over = scores >= score
        sets = {'all': (boxes.tolist(), scores.tolist()), 'candidates': (boxes[over].tolist(), scores[over].tolist())}
        print('ready', cv2.__version__, flush=True)
        for line in sys.stdin:
            word = line.split()
            b, s = sets[word[0]]
            if word[1] == 'kept':
                print(*numpy.array(cv2.dnn.NMSBoxes(b, s, score, iou)).ravel(), flush=True)
                continue
            calls = int(word[1])
            start = time.perf_counter_ns()
            for _ in range(calls):
                cv2.dnn.NMSBoxes(b, s, score, iou)
            print((time.perf_counter_ns() - start) / 1000 / calls, flush=True)
        """;

    private readonly Process _python;

    public OpenCvNms(string folder, float[] boxes, float[] scores, double scoreThreshold, double iouThreshold)
    {
        File.WriteAllBytes(Path.Combine(folder, "boxes.f32"), MemoryMarshal.AsBytes(boxes.AsSpan()));
        File.WriteAllBytes(Path.Combine(folder, "scores.f32"), MemoryMarshal.AsBytes(scores.AsSpan()));
        // Debian's own Python: the one that python3-opencv is installed for.
        _python = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", Script, folder, Text(scoreThreshold), Text(iouThreshold)]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Console.WriteLine($"OpenCV {Answer()}.");
    }

    /// <summary>Anchors of the boxes OpenCV keeps, by falling score.</summary>
    public IReadOnlyList<int> Kept() => [.. Ask("all kept").Split(' ').Select(word => int.Parse(word, CultureInfo.InvariantCulture))];

    /// <summary>Mean time of a call.</summary>
    /// <param name="set"><c>all</c> boxes, or only the <c>candidates</c> over the threshold.</param>
    public double Microseconds(string set, int calls) => double.Parse(Ask($"{set} {calls}"), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _python.StandardInput.Close();
        if (!_python.WaitForExit(TimeSpan.FromSeconds(5))) _python.Kill();
        _python.Dispose();
    }

    private string Ask(string question)
    {
        _python.StandardInput.WriteLine(question);
        _python.StandardInput.Flush();
        return Answer();
    }

    private string Answer() => _python.StandardOutput.ReadLine() ?? throw new InvalidOperationException("Python with OpenCV ended; is python3-opencv installed?");

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
