using System.Globalization;
using CvOps.Agent.Sampling;
using CvOps.Heads;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Benchmarks;

/// <summary>
/// Labels that the sampler's choice saves: from a tenth of the training pictures on, a head is fitted, the rest of them passes the agent's own
/// sampler, a person labels what it keeps, and again; against labelling at random from the same start. Test pictures choose nothing in a run, but
/// the sampler's rule was once chosen by them; "unseen" are steel pictures that had no part in that.
/// </summary>
internal static class LabelBench
{
    private const int Seeds = 5;
    private const int Places = 3;
    private const int WindowsARound = 10;
    private const double Start = 0.1;
    // Curves are compared where random labelling has used up half of the pictures; the other points are printed.
    private const double Compared = 0.5;
    // The trainer's default.
    private const double Penalty = 1e-3;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        if (Environment.GetEnvironmentVariable(TestData.Variable) is not { } data)
        {
            Console.WriteLine($"{TestData.Variable} is not set: label efficiency needs its pictures and is left out.");
            return Task.FromResult<IReadOnlyList<Figure>>([]);
        }
        return Task.FromResult<IReadOnlyList<Figure>>([Measure(data, "neu-det", "test"), Measure(data, "neu-det", "val", "neu-det unseen"), Measure(data, "magnetic-tile", "val")]);
    }

    private static Figure Measure(string data, string set, string test, string? name = null)
    {
        name ??= set;
        var pictures = LabelledPictures.Load(data, set, test);
        var (chosen, random) = (new List<Curve>(), new List<Curve>());
        for (var seed = 0; seed < Seeds; seed++)
        {
            int[] order = [.. Enumerable.Range(0, pictures.Pool.Count)];
            new Random(seed).Shuffle(order);
            var start = order[..(int)(Start * order.Length)];
            random.Add(Label(pictures, start, new RandomChoice(order[start.Length..])));
            using var sampled = new SampledChoice(pictures, start, seed);
            chosen.Add(Label(pictures, start, sampled));
        }
        var (mean, rival) = (Curve.Mean(chosen), Curve.Mean(random));
        Console.WriteLine($"{name}: {pictures.Pool.Count} pictures to label, {pictures.Test.Count} to test");
        foreach (var share in (double[])[0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]) Console.WriteLine("  " + Compare(mean, rival, share * pictures.Pool.Count).Words);
        var (ratio, words) = Compare(mean, rival, Compared * pictures.Pool.Count);
        return Figure.AtMost($"labels for the same accuracy, {name}", ratio, 0.5, $"random labelling; {Seeds} seeds; {words}");
    }

    private static (double Ratio, string Words) Compare(Curve chosen, Curve random, double labels)
    {
        var target = random.At(labels);
        var needed = chosen.Reaches(target);
        return (needed / labels, string.Create(CultureInfo.InvariantCulture, $"accuracy {target:0.000}: {needed:0} labels instead of {labels:0} ({needed / labels:0.00})"));
    }

    private static Curve Label(LabelledPictures pictures, int[] start, IChoice choice)
    {
        List<int> labelled = [.. start];
        List<(double Labels, double Accuracy)> points = [];
        while (true)
        {
            var taken = labelled.ToHashSet();
            var head = HeadFit.Fit(pictures.Pool.Where(taken.Contains), new FitOptions(Penalty), null, CancellationToken.None).Head;
            points.Add((labelled.Count, Enumerable.Range(0, pictures.Test.Count).Count(i => head.Top(pictures.Test.Rows[i]) == pictures.Test.Labels[i]) / (double)pictures.Test.Count));
            if (labelled.Count >= 0.85 * pictures.Pool.Count) return new Curve(points);
            var next = choice.Next(head, taken);
            if (next.Count == 0) return new Curve(points);
            labelled.AddRange(next);
        }
    }

    /// <summary>What a person labels next.</summary>
    private interface IChoice
    {
        IReadOnlyList<int> Next(IHead head, IReadOnlySet<int> labelled);
    }

    private sealed class RandomChoice(int[] order) : IChoice
    {
        private int _at;

        public IReadOnlyList<int> Next(IHead head, IReadOnlySet<int> labelled)
        {
            var next = order.Skip(_at).Take(Places * WindowsARound).ToList();
            _at += next.Count;
            return next;
        }
    }

    /// <summary>The agent's sampler with its defaults, but for the budget, which is what is compared, and the draws that do not look at the picture.</summary>
    private sealed class SampledChoice : IChoice, IDisposable
    {
        private readonly LabelledPictures _pictures;
        private readonly ManualTime _time = new();
        private readonly TestFolder _folder = new();
        private readonly Random _random;
        private readonly PlayedLine _line;
        private readonly FrameSampler _sampler;

        public SampledChoice(LabelledPictures pictures, int[] start, int seed)
        {
            (_pictures, _random) = (pictures, new Random(1000 + seed));
            var options = new SamplingOptions { FramesPerHour = Places * (int)(3600 / Window.TotalSeconds), Window = Window, AuditProbability = 0, AuditShare = 0, DisagreementShare = 0 };
            _line = new PlayedLine(_time, pictures.Classes);
            _sampler = new FrameSampler(options, new SamplingBudget(options, _folder.Path, _time), _time, _random);
            // What is labelled already was sent once, by a model that knew nothing.
            foreach (var chunk in start.Chunk(Places)) Pass(chunk, null);
        }

        public IReadOnlyList<int> Next(IHead head, IReadOnlySet<int> labelled)
        {
            int[] rest = [.. Enumerable.Range(0, _pictures.Pool.Count).Where(i => !labelled.Contains(i))];
            _random.Shuffle(rest);
            return [.. rest.Chunk(Math.Max(Places, (rest.Length + WindowsARound - 1) / WindowsARound)).SelectMany(chunk => Pass(chunk, head))];
        }

        private List<int> Pass(int[] chunk, IHead? head)
        {
            List<int> kept = [];
            var probabilities = new double[_pictures.Classes.Count];
            foreach (var i in chunk)
            {
                if (head is null) Array.Fill(probabilities, 1.0 / probabilities.Length);
                else head.Infer(_pictures.Pool.Rows[i], probabilities);
                var (grey, width, height) = _pictures.Grey[i];
                using var frame = _line.Frame(grey, width, height, PixelFormat.Grey8);
                _line.Show(_sampler, frame, i, PlayedLine.Predict(probabilities, _pictures.Classes), _pictures.Pool.Rows[i]);
            }
            _time.Advance(Window);
            _sampler.Tick();
            while (_sampler.Kept.TryRead(out var candidate))
                using (candidate) kept.Add((int)candidate.Number);
            return kept;
        }

        public void Dispose()
        {
            _sampler.Dispose();
            _line.Dispose();
            _folder.Dispose();
        }
    }

    /// <summary>Accuracy over labels, straight between the points.</summary>
    private sealed record Curve(IReadOnlyList<(double Labels, double Accuracy)> Points)
    {
        public static Curve Mean(IReadOnlyList<Curve> curves)
        {
            var last = curves.Min(curve => curve.Points[^1].Labels);
            return new([.. curves[0].Points.Select(point => point.Labels).Where(labels => labels <= last).Select(labels => (labels, curves.Average(curve => curve.At(labels))))]);
        }

        public double At(double labels)
        {
            var after = Enumerable.Range(0, Points.Count).FirstOrDefault(i => Points[i].Labels >= labels, Points.Count - 1);
            if (after == 0) return Points[0].Accuracy;
            var (a, b) = (Points[after - 1], Points[after]);
            return a.Accuracy + (b.Accuracy - a.Accuracy) * Math.Min(1, (labels - a.Labels) / (b.Labels - a.Labels));
        }

        /// <summary>Fewest labels at which the curve is as high; infinite when it never is.</summary>
        public double Reaches(double accuracy)
        {
            for (var i = 0; i < Points.Count; i++)
            {
                if (Points[i].Accuracy < accuracy) continue;
                if (i == 0) return Points[0].Labels;
                var (a, b) = (Points[i - 1], Points[i]);
                return a.Labels + (b.Labels - a.Labels) * (accuracy - a.Accuracy) / (b.Accuracy - a.Accuracy);
            }
            return double.PositiveInfinity;
        }
    }
}
