using CvOps.Heads;

namespace CvOps.Fleet.Tests.Trainer;

[Trait("tier", "unit")]
public sealed class HeadFitTests
{
    /// <summary>Six rows whose optimum stands in closed form: two classes, one feature of -1 and 1.</summary>
    [Fact]
    public void A_problem_with_a_known_solution_is_solved()
    {
        // Of 4 rows at +1 three are class 1, of 4 at -1 three are class 0; without a penalty the odds are 3:1, so the
        // difference of logits is ln 3 at +1 and -ln 3 at -1.
        var rows = Enumerable.Range(0, 8).Select(i => new[] { i < 4 ? 1f : -1f }).ToList();
        int[] labels = [1, 1, 1, 0, 0, 0, 0, 1];
        var fit = HeadFit.Fit(new Samples(rows, labels, 2), new FitOptions(0), null, TestContext.Current.CancellationToken);
        Span<double> probabilities = stackalloc double[2];
        fit.Head.Infer([1f], probabilities);
        Assert.True(fit.Converged);
        Assert.Equal(0.75, probabilities[1], 1e-4);
        fit.Head.Infer([-1f], probabilities);
        Assert.Equal(0.75, probabilities[0], 1e-4);
        Assert.Equal(-(0.75 * Math.Log(0.75) + 0.25 * Math.Log(0.25)), fit.Loss, 1e-5);
    }

    [Theory]
    [InlineData(1e-3, false)]
    [InlineData(1e-1, true)]
    public void No_other_weights_near_by_have_a_lower_loss(double l2, bool balanced)
    {
        var samples = Cloud(seed: 5, rows: 240, dimensions: 12, classes: 4);
        var fit = HeadFit.Fit(samples, new FitOptions(l2, balanced), null, TestContext.Current.CancellationToken);
        Assert.True(fit.Converged, $"not after {fit.Steps} steps");
        var head = (LinearHead)fit.Head;
        Assert.Equal(fit.Loss, Loss(samples, head, l2, balanced), 1e-9);
        var random = new Random(1);
        for (var i = 0; i < 500; i++)
        {
            var size = Math.Pow(10, -1 - i % 5);
            var other = head with { Weights = [.. head.Weights.Select(w => w + size * (random.NextDouble() - 0.5))], Bias = [.. head.Bias.Select(b => b + size * (random.NextDouble() - 0.5))] };
            Assert.True(Loss(samples, other, l2, balanced) >= fit.Loss - 1e-9, $"a step of {size} found a lower loss");
        }
    }

    [Fact]
    public void The_same_rows_give_the_same_bits()
    {
        var options = new FitOptions(1e-3);
        var first = HeadFit.Fit(Cloud(7, 300, 16, 3), options, null, TestContext.Current.CancellationToken);
        var second = HeadFit.Fit(Cloud(7, 300, 16, 3), options, null, TestContext.Current.CancellationToken);
        Assert.Equal(((LinearHead)first.Head).Weights, ((LinearHead)second.Head).Weights);
        Assert.Equal(((LinearHead)first.Head).Bias, ((LinearHead)second.Head).Bias);
        Assert.Equal(CrossValidation.Accuracy(Cloud(7, 300, 16, 3), options, 4, TestContext.Current.CancellationToken), CrossValidation.Accuracy(Cloud(7, 300, 16, 3), options, 4, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(1, 3, 1)]
    [InlineData(37, 33, 3)]
    [InlineData(1100, 70, 5)]
    public void The_loss_in_tiles_is_the_loss_written_out_and_its_gradient_is_its_slope(int rows, int dimensions, int classes)
    {
        var samples = Cloud(11, rows, dimensions, classes);
        using var matrix = EmbeddingMatrix.Standardise(samples);
        using var loss = new SoftmaxLoss(matrix, samples, [.. Enumerable.Repeat(1.0 / rows, rows)], 0.01, threads: 1);
        var random = new Random(3);
        var point = Enumerable.Range(0, loss.Parameters).Select(_ => random.NextDouble() - 0.5).ToArray();
        var (gradient, ignored) = (new double[point.Length], new double[point.Length]);
        var value = loss.Evaluate(point, gradient);
        var weights = Enumerable.Range(0, classes * dimensions).Select(i => point[i] * matrix.Scale[i % dimensions]).ToArray();
        var bias = Enumerable.Range(0, classes).Select(c => point[classes * dimensions + c] - Enumerable.Range(0, dimensions).Sum(d => weights[c * dimensions + d] * matrix.Mean[d])).ToArray();
        var still = Enumerable.Range(0, classes * dimensions).Where(i => matrix.Scale[i % dimensions] == 0).Sum(i => 0.01 / 2 * point[i] * point[i]);
        Assert.Equal(Loss(samples, new LinearHead(classes, dimensions, weights, bias), 0.01, false) + still, value, 1e-9);
        foreach (var at in Enumerable.Range(0, 12).Select(_ => random.Next(point.Length)))
        {
            double At(double step)
            {
                var moved = point.ToArray();
                moved[at] += step;
                return loss.Evaluate(moved, ignored);
            }
            Assert.Equal((At(1e-5) - At(-1e-5)) / 2e-5, gradient[at], 1e-7);
        }
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        var samples = Cloud(5, 2500, 20, 4);
        var one = HeadFit.Fit(samples, new FitOptions(1e-3), null, TestContext.Current.CancellationToken);
        var three = HeadFit.Fit(samples, new FitOptions(1e-3, Threads: 3), null, TestContext.Current.CancellationToken);
        Assert.Equal(((LinearHead)one.Head).Weights, ((LinearHead)three.Head).Weights);
        Assert.Equal(((LinearHead)one.Head).Bias, ((LinearHead)three.Head).Bias);
    }

    [Fact]
    public void A_feature_that_never_moves_and_a_class_without_rows_do_no_harm()
    {
        var cloud = Cloud(3, 200, 6, 3);
        var rows = cloud.Rows.Select(row => (float[])[.. row, 42f]).ToList();
        var fit = HeadFit.Fit(new Samples(rows, cloud.Labels, 4), new FitOptions(1e-3), null, TestContext.Current.CancellationToken);
        Assert.All(((LinearHead)fit.Head).Weights, weight => Assert.True(double.IsFinite(weight)));
        Assert.All(Enumerable.Range(0, 4), c => Assert.Equal(0, ((LinearHead)fit.Head).Weights[c * 7 + 6]));
        Assert.DoesNotContain(rows, row => fit.Head.Top(row) == 3);
    }

    [Fact]
    public void Balanced_classes_make_the_rare_one_heard()
    {
        var random = new Random(9);
        // 190 rows around 0, 10 rows around 1, wide enough to overlap.
        var rows = Enumerable.Range(0, 200).Select(i => new[] { (float)((i < 10 ? 1.2 : 0) + Gauss(random)) }).ToList();
        var labels = Enumerable.Range(0, 200).Select(i => i < 10 ? 1 : 0).ToList();
        var samples = new Samples(rows, labels, 2);
        var plain = HeadFit.Fit(samples, new FitOptions(1e-3), null, TestContext.Current.CancellationToken).Head;
        var balanced = HeadFit.Fit(samples, new FitOptions(1e-3, Balanced: true), null, TestContext.Current.CancellationToken).Head;
        Assert.True(rows.Count(row => balanced.Top(row) == 1) > 4 * rows.Count(row => plain.Top(row) == 1) + 10);
    }

    [Fact]
    public void An_embedding_that_is_not_finite_is_refused_in_words()
    {
        var cloud = Cloud(3, 20, 4, 2);
        cloud.Rows[7][2] = float.NaN;
        var refusal = Assert.Throws<HeadFitException>(() => HeadFit.Fit(cloud, new FitOptions(1e-3), null, TestContext.Current.CancellationToken));
        Assert.Contains("NaN", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sharpening_keeps_the_decisions_and_raises_the_confidence()
    {
        var cloud = Cloud(3, 200, 6, 3);
        var head = HeadFit.Fit(cloud, new FitOptions(1e-2), null, TestContext.Current.CancellationToken).Head;
        var sharp = head.Sharpened(4);
        var (before, after) = (new double[3], new double[3]);
        foreach (var row in cloud.Rows)
        {
            head.Infer(row, before);
            sharp.Infer(row, after);
            Assert.Equal(head.Top(row), sharp.Top(row));
            Assert.True(after.Max() >= before.Max());
        }
    }

    /// <summary>The penalised loss of a head for raw features, written out plainly.</summary>
    private static double Loss(Samples samples, LinearHead head, double l2, bool balanced)
    {
        var counts = samples.Labels.CountBy(label => label).ToDictionary();
        var loss = 0.0;
        var probabilities = new double[head.Classes];
        for (var i = 0; i < samples.Count; i++)
        {
            head.Infer(samples.Rows[i], probabilities);
            loss -= Math.Log(probabilities[samples.Labels[i]]) * (balanced ? 1.0 / counts.Count / counts[samples.Labels[i]] : 1.0 / samples.Count);
        }

        for (var d = 0; d < head.Dimensions; d++)
        {
            var mean = samples.Rows.Average(row => (double)row[d]);
            var deviation = Math.Sqrt(samples.Rows.Average(row => (row[d] - mean) * (row[d] - mean)));
            for (var c = 0; c < head.Classes; c++)
            {
                var weight = head.Weights[c * head.Dimensions + d];
                loss += l2 / 2 * weight * deviation * weight * deviation;
            }
        }

        return loss;
    }

    [Fact]
    public void Hidden_units_learn_what_no_line_can_part()
    {
        // Exclusive or: the classes are the quadrants' signs.
        var random = new Random(4);
        var rows = Enumerable.Range(0, 400).Select(_ => new[] { (float)(2 * random.NextDouble() - 1), (float)(2 * random.NextDouble() - 1) }).ToList();
        var samples = new Samples(rows, [.. rows.Select(row => row[0] * row[1] > 0 ? 1 : 0)], 2);
        double Right(FitOptions options)
        {
            var head = HeadFit.Fit(samples, options, null, TestContext.Current.CancellationToken).Head;
            return Enumerable.Range(0, 400).Count(i => head.Top(rows[i]) == samples.Labels[i]) / 400.0;
        }
        Assert.InRange(Right(new FitOptions(1e-4)), 0.3, 0.75);
        Assert.InRange(Right(new FitOptions(1e-4, MaxSteps: 500, Hidden: 16)), 0.97, 1);
    }

    [Theory]
    [InlineData(37, 33, 3, 5)]
    [InlineData(600, 12, 4, 40)]
    public void The_gradient_of_a_head_with_hidden_units_is_its_slope(int rows, int dimensions, int classes, int units)
    {
        var samples = Cloud(11, rows, dimensions, classes);
        using var matrix = EmbeddingMatrix.Standardise(samples);
        using var loss = new MlpLoss(matrix, samples, [.. Enumerable.Repeat(1.0 / rows, rows)], units, 0.01, threads: 1);
        var random = new Random(3);
        var point = Enumerable.Range(0, loss.Parameters).Select(_ => random.NextDouble() - 0.5).ToArray();
        var (gradient, ignored) = (new double[point.Length], new double[point.Length]);
        _ = loss.Evaluate(point, gradient);
        foreach (var at in Enumerable.Range(0, 20).Select(_ => random.Next(point.Length)).Append(point.Length - 1).Append(units * dimensions))
        {
            double At(double step)
            {
                var moved = point.ToArray();
                moved[at] += step;
                return loss.Evaluate(moved, ignored);
            }
            Assert.Equal((At(1e-6) - At(-1e-6)) / 2e-6, gradient[at], 1e-5);
        }
    }

    private static Samples Cloud(int seed, int rows, int dimensions, int classes)
    {
        var random = new Random(seed);
        var labels = Enumerable.Range(0, rows).Select(i => i % classes).ToList();
        return new Samples([.. labels.Select(label => Enumerable.Range(0, dimensions).Select(d => (float)(Gauss(random) + (d % classes == label ? 1.3 : 0))).ToArray())], labels, classes);
    }

    private static double Gauss(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
