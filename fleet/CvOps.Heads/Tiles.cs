using System.Runtime.Intrinsics;

namespace CvOps.Heads;

/// <summary>
/// The two products that a step of logistic regression is made of, for few classes and many features: each value that is loaded is used
/// several times before the next (Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008).
/// </summary>
internal static unsafe class Tiles
{
    private const int Lanes = 8;

    /// <summary>logits[i, c] = rows[i] . weights[c] + bias[c].</summary>
    /// <param name="rows">[count, stride], width doubles of each used.</param>
    /// <param name="weights">[classes, stride].</param>
    /// <param name="logits">Filled, [count, classes].</param>
    public static void Logits(double* rows, int count, double* weights, double* bias, int classes, int width, int stride, double* logits)
    {
        for (var i = 0; i < count; i += 4)
        {
            // The last tile repeats its last row or class, and writes the same once more.
            int i1 = Math.Min(i + 1, count - 1), i2 = Math.Min(i + 2, count - 1), i3 = Math.Min(i + 3, count - 1);
            double* x0 = rows + (nint)i * stride, x1 = rows + (nint)i1 * stride, x2 = rows + (nint)i2 * stride, x3 = rows + (nint)i3 * stride;
            for (var c = 0; c < classes; c += 2)
            {
                var c1 = Math.Min(c + 1, classes - 1);
                double* w0 = weights + (nint)c * stride, w1 = weights + (nint)c1 * stride;
                Vector512<double> a00 = default, a01 = default, a10 = default, a11 = default, a20 = default, a21 = default, a30 = default, a31 = default;
                for (var d = 0; d < width; d += Lanes)
                {
                    var (u, v) = (Vector512.Load(w0 + d), Vector512.Load(w1 + d));
                    var x = Vector512.Load(x0 + d);
                    a00 = Vector512.FusedMultiplyAdd(x, u, a00);
                    a01 = Vector512.FusedMultiplyAdd(x, v, a01);
                    x = Vector512.Load(x1 + d);
                    a10 = Vector512.FusedMultiplyAdd(x, u, a10);
                    a11 = Vector512.FusedMultiplyAdd(x, v, a11);
                    x = Vector512.Load(x2 + d);
                    a20 = Vector512.FusedMultiplyAdd(x, u, a20);
                    a21 = Vector512.FusedMultiplyAdd(x, v, a21);
                    x = Vector512.Load(x3 + d);
                    a30 = Vector512.FusedMultiplyAdd(x, u, a30);
                    a31 = Vector512.FusedMultiplyAdd(x, v, a31);
                }

                logits[i * classes + c] = Vector512.Sum(a00) + bias[c];
                logits[i * classes + c1] = Vector512.Sum(a01) + bias[c1];
                logits[i1 * classes + c] = Vector512.Sum(a10) + bias[c];
                logits[i1 * classes + c1] = Vector512.Sum(a11) + bias[c1];
                logits[i2 * classes + c] = Vector512.Sum(a20) + bias[c];
                logits[i2 * classes + c1] = Vector512.Sum(a21) + bias[c1];
                logits[i3 * classes + c] = Vector512.Sum(a30) + bias[c];
                logits[i3 * classes + c1] = Vector512.Sum(a31) + bias[c1];
            }
        }
    }

    /// <summary>gradient[c] += sum over i of errors[i, c] * rows[i].</summary>
    /// <param name="errors">[count, classes].</param>
    /// <param name="gradient">Added to, [classes, stride].</param>
    public static void AddGradient(double* rows, int count, double* errors, int classes, int width, int stride, double* gradient)
    {
        for (var d = 0; d < width; d += EmbeddingMatrix.Tile)
        {
            for (var c = 0; c < classes; c += 2)
            {
                var c1 = Math.Min(c + 1, classes - 1);
                double* g0 = gradient + (nint)c * stride + d, g1 = gradient + (nint)c1 * stride + d;
                Vector512<double> a0 = Vector512.Load(g0), a1 = Vector512.Load(g0 + 8), a2 = Vector512.Load(g0 + 16), a3 = Vector512.Load(g0 + 24);
                Vector512<double> b0 = Vector512.Load(g1), b1 = Vector512.Load(g1 + 8), b2 = Vector512.Load(g1 + 16), b3 = Vector512.Load(g1 + 24);
                var x = rows + d;
                for (var i = 0; i < count; i++, x += stride)
                {
                    var (e0, e1) = (Vector512.Create(errors[i * classes + c]), Vector512.Create(errors[i * classes + c1]));
                    Vector512<double> x0 = Vector512.Load(x), x1 = Vector512.Load(x + 8), x2 = Vector512.Load(x + 16), x3 = Vector512.Load(x + 24);
                    a0 = Vector512.FusedMultiplyAdd(x0, e0, a0);
                    b0 = Vector512.FusedMultiplyAdd(x0, e1, b0);
                    a1 = Vector512.FusedMultiplyAdd(x1, e0, a1);
                    b1 = Vector512.FusedMultiplyAdd(x1, e1, b1);
                    a2 = Vector512.FusedMultiplyAdd(x2, e0, a2);
                    b2 = Vector512.FusedMultiplyAdd(x2, e1, b2);
                    a3 = Vector512.FusedMultiplyAdd(x3, e0, a3);
                    b3 = Vector512.FusedMultiplyAdd(x3, e1, b3);
                }

                // Of an odd last class both are the same sum.
                b0.Store(g1);
                b1.Store(g1 + 8);
                b2.Store(g1 + 16);
                b3.Store(g1 + 24);
                a0.Store(g0);
                a1.Store(g0 + 8);
                a2.Store(g0 + 16);
                a3.Store(g0 + 24);
            }
        }
    }
}
