using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using CvOps.Heads;
using CvOps.Testing;

namespace CvOps.Benchmarks;

/// <summary>
/// A head retrained on 10,000 embeddings of 512 in ten classes: standardising and fitting, beside scikit-learn's StandardScaler and
/// LogisticRegression (lbfgs, multinomial) with the same penalty and as many threads. Rounds alternate; a figure is the median of the rounds' ratios.
/// </summary>
internal static class HeadBench
{
    private const int Rows = 10_000;
    private const int Dimensions = 512;
    private const int Classes = 10;
    private const double L2 = 1e-3;
    private const int Rounds = 5;

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        using var folder = new TestFolder();
        var samples = Embeddings();
        File.WriteAllBytes(folder["embeddings"], [.. samples.Rows.SelectMany(row => MemoryMarshal.AsBytes<float>(row).ToArray())]);
        File.WriteAllBytes(folder["labels"], MemoryMarshal.AsBytes<int>(samples.Labels.ToArray()).ToArray());
        var figures = new List<Figure>();
        foreach (var threads in (int[])[1, 2])
        {
            if (threads > Environment.ProcessorCount) continue;
            var (ratio, apart) = Measure(samples, folder, threads);
            var rival = $"scikit-learn, {threads} thread{(threads == 1 ? "" : "s")} each";
            figures.Add(Figure.AtMost($"head of 10,000 embeddings of 512, time on {threads} thread{(threads == 1 ? "" : "s")}", ratio, 1.2, rival));
            figures.Add(Figure.AtMost("the same, difference of the losses in 1e-6", apart * 1e6, 1, rival));
        }
        return Task.FromResult<IReadOnlyList<Figure>>(figures);
    }

    private static (double Ratio, double Apart) Measure(Samples samples, TestFolder folder, int threads)
    {
        var options = new FitOptions(L2, Threads: threads);
        FitResult Fit() => HeadFit.Fit(samples, options, null, CancellationToken.None);
        using var rival = new ScikitHead(folder["embeddings"], folder["labels"], Dimensions, L2, threads);
        // The JIT compiles a loop again that has run often.
        var ours = Fit();
        var (_, steps) = rival.Fit();
        var rounds = new List<(double Ours, double Theirs)>();
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            ours = Fit();
            rounds.Add((Stopwatch.GetElapsedTime(started).TotalSeconds, rival.Fit().Seconds));
        }
        var theirs = rival.Head(folder["head"]);
        var (lossOfOurs, lossOfTheirs) = (Loss(samples, [.. ((LinearHead)ours.Head).Weights, .. ((LinearHead)ours.Head).Bias]), Loss(samples, theirs));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"head on {threads} thread(s): {Median(rounds.Select(round => round.Ours)):0.000} s in {ours.Steps} steps to {lossOfOurs:0.00000000}; scikit-learn {rival.Version} with {rival.Blas} {Median(rounds.Select(round => round.Theirs)):0.000} s in {steps} steps to {lossOfTheirs:0.00000000}"));
        return (Median(rounds.Select(round => round.Ours / round.Theirs)), Math.Abs(lossOfOurs - lossOfTheirs));
    }

    /// <summary>The objective of both, written out plainly in double precision for weights of features as they came.</summary>
    private static double Loss(Samples samples, double[] head)
    {
        var (mean, square) = (new double[Dimensions], new double[Dimensions]);
        foreach (var row in samples.Rows)
            for (var d = 0; d < Dimensions; d++) mean[d] += row[d] / (double)Rows;
        var loss = 0.0;
        Span<double> logits = stackalloc double[Classes];
        for (var i = 0; i < Rows; i++)
        {
            var row = samples.Rows[i];
            for (var d = 0; d < Dimensions; d++) square[d] += (row[d] - mean[d]) * (row[d] - mean[d]) / Rows;
            logits.Clear();
            for (var c = 0; c < Classes; c++)
            {
                logits[c] = head[Classes * Dimensions + c];
                for (var d = 0; d < Dimensions; d++) logits[c] += head[c * Dimensions + d] * row[d];
            }
            var largest = System.Numerics.Tensors.TensorPrimitives.Max<double>(logits);
            var sum = 0.0;
            foreach (var logit in logits) sum += Math.Exp(logit - largest);
            loss += (Math.Log(sum) + largest - logits[samples.Labels[i]]) / Rows;
        }
        for (var i = 0; i < Classes * Dimensions; i++) loss += L2 / 2 * head[i] * head[i] * square[i % Dimensions];
        return loss;
    }

    /// <summary>As a network's last layer before its head: rectified mixtures of a few causes, so features go together, and classes overlap.</summary>
    private static Samples Embeddings()
    {
        const int causes = 48;
        var random = new Random(11);
        double Gauss() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        var mixture = Enumerable.Range(0, Dimensions * causes).Select(_ => Gauss()).ToArray();
        var centres = Enumerable.Range(0, Classes * causes).Select(_ => 0.4 * Gauss()).ToArray();
        var (rows, labels) = (new float[Rows][], new int[Rows]);
        var cause = new double[causes];
        for (var i = 0; i < Rows; i++)
        {
            labels[i] = random.Next(Classes);
            for (var k = 0; k < causes; k++) cause[k] = centres[labels[i] * causes + k] + Gauss();
            rows[i] = new float[Dimensions];
            for (var d = 0; d < Dimensions; d++)
            {
                var value = 2 * Gauss();
                for (var k = 0; k < causes; k++) value += cause[k] * mixture[d * causes + k];
                rows[i][d] = (float)Math.Max(0, value);
            }
        }
        return new Samples(rows, labels, Classes);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
