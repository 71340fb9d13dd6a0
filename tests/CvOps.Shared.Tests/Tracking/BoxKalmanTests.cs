using CvOps.Vision.Tracking;

namespace CvOps.Shared.Tests.Tracking;

/// <summary>The four small filters against the 8 x 8 matrices of the paper's code, written out.</summary>
public sealed class BoxKalmanTests
{
    [Fact]
    public void Four_small_filters_are_the_eight_by_eight_one()
    {
        var random = new Random(5);
        for (var round = 0; round < 20; round++)
        {
            var box = new TrackBox(random.Next(600), random.Next(300), 20 + random.Next(80), 30 + random.Next(100));
            var small = BoxKalman.At(box);
            var full = new FullKalman(box);
            for (var frame = 0; frame < 60; frame++)
            {
                var lost = random.Next(4) == 0;
                small.Predict(lost);
                full.Predict(lost);
                Same();
                if (lost) continue;
                box = new TrackBox(box.X + random.Next(-5, 9), box.Y + random.Next(-4, 5), Math.Max(5, box.Width + random.Next(-3, 4)), Math.Max(5, box.Height + random.Next(-3, 4)));
                small.Correct(box);
                full.Correct(box);
                Same();
            }

            void Same()
            {
                Near(full.Box.X, small.Box.X);
                Near(full.Box.Y, small.Box.Y);
                Near(full.Box.Width, small.Box.Width);
                Near(full.Box.Height, small.Box.Height);
                Near(full.Covariance[0, 0], small.X.ValueVariance);
                Near(full.Covariance[0, 4], small.X.Covariance);
                Near(full.Covariance[7, 7], small.Height.VelocityVariance);
            }
        }
    }

    private static void Near(double expected, double found) => Assert.True(Math.Abs(expected - found) <= 1e-9 * Math.Max(1, Math.Abs(expected)), $"{expected} expected, {found} found");

    /// <summary>DeepSORT's filter as matrices.</summary>
    private sealed class FullKalman
    {
        private readonly double[] _mean = new double[8];

        public FullKalman(TrackBox box)
        {
            Measure(box).CopyTo(_mean, 0);
            var h = box.Height;
            double[] deviations = [h / 10, h / 10, 1e-2, h / 10, h / 16, h / 16, 1e-5, h / 16];
            for (var i = 0; i < 8; i++) Covariance[i, i] = deviations[i] * deviations[i];
        }

        public double[,] Covariance { get; private set; } = new double[8, 8];

        public TrackBox Box
        {
            get
            {
                var width = _mean[2] * _mean[3];
                return new TrackBox(_mean[0] - width / 2, _mean[1] - _mean[3] / 2, width, _mean[3]);
            }
        }

        public void Predict(bool lost)
        {
            if (lost) _mean[7] = 0;
            var h = _mean[3];
            var transition = new double[8, 8];
            for (var i = 0; i < 8; i++) transition[i, i] = 1;
            for (var i = 0; i < 4; i++) transition[i, i + 4] = 1;
            for (var i = 0; i < 4; i++) _mean[i] += _mean[i + 4];
            Covariance = Product(Product(transition, Covariance), Transposed(transition));
            double[] deviations = [h / 20, h / 20, 1e-2, h / 20, h / 160, h / 160, 1e-5, h / 160];
            for (var i = 0; i < 8; i++) Covariance[i, i] += deviations[i] * deviations[i];
        }

        public void Correct(TrackBox box)
        {
            var h = _mean[3];
            double[] deviations = [h / 20, h / 20, 1e-1, h / 20];
            // The measured components are the first four: S is the upper left block plus R, and diagonal, since the components are independent.
            var gain = new double[8, 4];
            for (var i = 0; i < 8; i++)
            {
                for (var j = 0; j < 4; j++) gain[i, j] = Covariance[i, j] / (Covariance[j, j] + deviations[j] * deviations[j]);
            }
            var measured = Measure(box);
            var error = new double[4];
            for (var j = 0; j < 4; j++) error[j] = measured[j] - _mean[j];
            for (var i = 0; i < 8; i++)
            {
                for (var j = 0; j < 4; j++) _mean[i] += gain[i, j] * error[j];
            }
            var measurement = new double[4, 8];
            for (var j = 0; j < 4; j++) measurement[j, j] = 1;
            var removed = Product(Product(gain, measurement), Covariance);
            for (var i = 0; i < 8; i++)
            {
                for (var j = 0; j < 8; j++) Covariance[i, j] -= removed[i, j];
            }
        }

        private static double[] Measure(TrackBox box) => [box.X + box.Width / 2, box.Y + box.Height / 2, box.Width / box.Height, box.Height];

        private static double[,] Transposed(double[,] a)
        {
            var turned = new double[a.GetLength(1), a.GetLength(0)];
            for (var i = 0; i < a.GetLength(0); i++)
            {
                for (var j = 0; j < a.GetLength(1); j++) turned[j, i] = a[i, j];
            }
            return turned;
        }

        private static double[,] Product(double[,] a, double[,] b)
        {
            var product = new double[a.GetLength(0), b.GetLength(1)];
            for (var i = 0; i < a.GetLength(0); i++)
            {
                for (var j = 0; j < b.GetLength(1); j++)
                {
                    for (var k = 0; k < a.GetLength(1); k++) product[i, j] += a[i, k] * b[k, j];
                }
            }
            return product;
        }
    }
}
