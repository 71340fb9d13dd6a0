using System.Numerics.Tensors;

namespace CvOps.Heads;

/// <summary>A function to minimise: returns its value at the point and fills its gradient.</summary>
internal delegate double Objective(ReadOnlySpan<double> point, Span<double> gradient);

/// <summary>Told the step, the value after it and where it led.</summary>
internal delegate void StepTaken(int step, double value, ReadOnlySpan<double> point);

/// <param name="Converged">The gradient became small enough before the steps ran out.</param>
internal sealed record Minimum(double[] Point, double Value, double GradientNorm, int Steps, bool Converged);

/// <summary>Limited-memory BFGS with backtracking (Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 7.5). Deterministic.</summary>
internal static class Lbfgs
{
    private const int Memory = 12;
    private const double SufficientDecrease = 1e-4;

    /// <param name="tolerance">Euclidean norm of the gradient at which it stops.</param>
    /// <param name="start">Where it begins; not changed.</param>
    public static Minimum Minimise(Objective objective, ReadOnlySpan<double> start, double tolerance, int maxSteps, StepTaken? onStep, CancellationToken cancel)
    {
        var dimensions = start.Length;
        var point = start.ToArray();
        var gradient = new double[dimensions];
        var (next, nextGradient, direction) = (new double[dimensions], new double[dimensions], new double[dimensions]);
        var pairs = new LinkedList<(double[] Step, double[] Change, double Rho)>();
        var value = objective(point, gradient);
        for (var step = 1; step <= maxSteps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            if (Norm(gradient) <= tolerance) return new Minimum(point, value, Norm(gradient), step - 1, true);
            Direction(gradient, pairs, direction);
            var slope = Dot(direction, gradient);
            if (!TryStep(objective, point, value, direction, slope, step == 1 ? Math.Min(1, 1 / Norm(gradient)) : 1, next, nextGradient, out var reached))
                // No shorter step gets lower: the last bits of double precision are reached.
                return new Minimum(point, value, Norm(gradient), step - 1, Norm(gradient) <= 100 * tolerance);
            Remember(pairs, point, gradient, next, nextGradient);
            (point, next) = (next, point);
            (gradient, nextGradient) = (nextGradient, gradient);
            value = reached;
            onStep?.Invoke(step, value, point);
        }

        return new Minimum(point, value, Norm(gradient), maxSteps, false);
    }

    private static bool TryStep(Objective objective, double[] point, double value, double[] direction, double slope, double length, double[] next, double[] nextGradient, out double reached)
    {
        for (var tries = 0; tries < 40; tries++, length /= 2)
        {
            TensorPrimitives.MultiplyAdd(direction, length, point, next);
            reached = objective(next, nextGradient);
            if (reached <= value + SufficientDecrease * length * slope) return true;
        }

        reached = value;
        return false;
    }

    private static void Remember(LinkedList<(double[], double[], double)> pairs, double[] point, double[] gradient, double[] next, double[] nextGradient)
    {
        var (step, change) = (new double[point.Length], new double[point.Length]);
        for (var i = 0; i < point.Length; i++)
        {
            step[i] = next[i] - point[i];
            change[i] = nextGradient[i] - gradient[i];
        }

        var curvature = Dot(step, change);
        // Only a pair of positive curvature keeps the direction one of descent.
        if (curvature <= 1e-14 * Dot(change, change)) return;
        pairs.AddLast((step, change, 1 / curvature));
        if (pairs.Count > Memory) pairs.RemoveFirst();
    }

    private static void Direction(double[] gradient, LinkedList<(double[] Step, double[] Change, double Rho)> pairs, double[] direction)
    {
        for (var i = 0; i < gradient.Length; i++) direction[i] = -gradient[i];
        var alphas = new Stack<double>();
        for (var node = pairs.Last; node is not null; node = node.Previous)
        {
            var alpha = node.Value.Rho * Dot(node.Value.Step, direction);
            Add(direction, node.Value.Change, -alpha);
            alphas.Push(alpha);
        }

        if (pairs.Last is { } last)
        {
            var scale = 1 / (last.Value.Rho * Dot(last.Value.Change, last.Value.Change));
            for (var i = 0; i < direction.Length; i++) direction[i] *= scale;
        }

        for (var node = pairs.First; node is not null; node = node.Next)
            Add(direction, node.Value.Step, alphas.Pop() - node.Value.Rho * Dot(node.Value.Change, direction));
    }

    private static void Add(double[] target, double[] other, double factor)
    {
        TensorPrimitives.MultiplyAdd(other, factor, target, target);
    }

    private static double Dot(double[] a, double[] b) => TensorPrimitives.Dot<double>(a, b);

    private static double Norm(double[] vector) => Math.Sqrt(Dot(vector, vector));
}
